import { type Fact, known, type PowerSource, powerState, unknown } from './power-source.ts';
import { remembered } from './remembered.ts';
import type { CommandResult, RunCommand } from './run-command.ts';

const NANOSECONDS_PER_MS = 1_000_000;

function yesOrNo(result: CommandResult, key: string): Fact<boolean> {
  if (!result.ok) return unknown(result.why);
  const match = new RegExp(`"${key}"\\s*=\\s*(Yes|No)`).exec(result.stdout);
  return match === null ? unknown(`this Mac reports no ${key}`) : known(match[1] === 'Yes');
}

function lid(result: CommandResult): Fact<'open' | 'closed'> {
  const closed = yesOrNo(result, 'AppleClamshellState');
  return closed.known ? known(closed.value ? 'closed' : 'open') : closed;
}

/**
 * macOS itself decides whether a closed lid means sleep: not with an external display and mains power, and not while a
 * program prevents it. The latter is why `decidePower` asks for mains power too.
 */
function docked(result: CommandResult): Fact<boolean> {
  const causesSleep = yesOrNo(result, 'AppleClamshellCausesSleep');
  return causesSleep.known ? known(!causesSleep.value) : causesSleep;
}

function idle(result: CommandResult): Fact<number> {
  if (!result.ok) return unknown(result.why);
  const match = /"HIDIdleTime"\s*=\s*(\d+)/.exec(result.stdout);
  return match === null
    ? unknown('this Mac reports no HIDIdleTime')
    : known(Math.floor(Number(match[1]) / NANOSECONDS_PER_MS));
}

/** The key is in the list of console users only while the screen is locked. */
function locked(result: CommandResult): Fact<boolean> {
  if (!result.ok) return unknown(result.why);
  if (!result.stdout.includes('IOConsoleUsers')) return unknown('this Mac reports no console users');
  return known(/"CGSSessionScreenIsLocked"\s*=\s*Yes/.test(result.stdout));
}

function battery(result: CommandResult): { onAc: Fact<boolean>; batteryPercent: Fact<number> } {
  if (!result.ok) return { onAc: unknown(result.why), batteryPercent: unknown(result.why) };
  const source = /Now drawing from '(.+)'/.exec(result.stdout);
  const percent = /-InternalBattery-\d+.*?(\d+)%/.exec(result.stdout);
  return {
    onAc: source === null ? unknown('pmset names no power source') : known(source[1] === 'AC Power'),
    batteryPercent: percent === null ? unknown('this Mac has no battery') : known(Number(percent[1])),
  };
}

/** Reads what `ioreg` and `pmset` print. Sleep is not announced to programs like these: the clock jump tells it afterwards. */
export function macosPowerSource({ run, now }: { run: RunCommand; now: () => number }): PowerSource {
  const clamshell = () => run('ioreg', ['-r', '-k', 'AppleClamshellState', '-d', '4']);
  const slow = {
    input: remembered({ read: () => run('ioreg', ['-c', 'IOHIDSystem', '-d', '4']), everyMs: 1_000, now }),
    console: remembered({ read: () => run('ioreg', ['-n', 'Root', '-d', '1']), everyMs: 5_000, now }),
    battery: remembered({ read: () => run('pmset', ['-g', 'batt']), everyMs: 5_000, now }),
  };
  return {
    async read() {
      const [shell, input, users, batt] = await Promise.all([
        clamshell(),
        slow.input(),
        slow.console(),
        slow.battery(),
      ]);
      return powerState({
        lid: lid(shell),
        docked: docked(shell),
        idleMs: idle(input),
        sleeping: false,
        locked: locked(users),
        ...battery(batt),
      });
    },
    close() {},
  };
}
