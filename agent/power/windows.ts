import { fileURLToPath } from 'node:url';
import type { StartHelper } from './helper.ts';
import { lastingHelper } from './lasting-helper.ts';
import { type Fact, known, type PowerFacts, type PowerSource, powerState, unknown } from './power-source.ts';

const SCRIPT = fileURLToPath(new URL('./windows-watch.ps1', import.meta.url));
const POWERSHELL = ['-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-File'];

/** The helper speaks every second; after ten silent ones its word is no longer believed. */
const STALE_MS = 10_000;

function unheard(why: string): PowerFacts {
  const nothing = unknown(why);
  return {
    lid: unknown('this PC has reported no lid'),
    docked: nothing,
    idleMs: nothing,
    sleeping: false,
    onAc: nothing,
    batteryPercent: nothing,
    locked: unknown('the lock state of Windows cannot be read yet'),
  };
}

function flag(value: number): Fact<boolean> {
  return known(value !== 0);
}

/** One line of the helper: a word and a number, as `windows-watch.ps1` lists them. Other lines change nothing. */
function heard(facts: PowerFacts, line: string): PowerFacts {
  const match = /^([A-Z]+) (\d+)$/.exec(line.trim());
  if (match === null) return facts;
  const value = Number(match[2]);
  switch (match[1] ?? '') {
    case 'LID':
      return { ...facts, lid: known(value === 0 ? 'closed' : 'open') };
    case 'DOCKED':
      return { ...facts, docked: flag(value) };
    case 'IDLE':
      return { ...facts, idleMs: known(value) };
    case 'SLEEP':
      return { ...facts, sleeping: value !== 0 };
    case 'AC':
      return { ...facts, onAc: flag(value) };
    case 'BATTERY':
      return { ...facts, batteryPercent: known(value) };
    default:
      return facts;
  }
}

/**
 * Listens to a PowerShell child. Windows only *notifies* of the lid, on a thread of its own, and callbacks from foreign
 * threads corrupt Bun's heap (oven-sh/bun #33840, #41857): so the window that is notified lives in the child.
 */
export function windowsPowerSource(options: { startHelper: StartHelper; now: () => number }): PowerSource {
  const { startHelper, now } = options;
  let facts = unheard('the power helper has not spoken yet');
  let heardAt = now();
  const helper = lastingHelper({
    start: (on) => startHelper({ command: 'powershell.exe', args: [...POWERSHELL, SCRIPT] }, on),
    now,
    line(text) {
      facts = heard(facts, text);
      heardAt = now();
    },
    end(why) {
      facts = unheard(why);
    },
  });
  helper.get();

  return {
    async read() {
      const found = helper.get();
      if (!found.up) return powerState(unheard(found.why));
      if (now() - heardAt > STALE_MS) return powerState(unheard('the power helper is silent'));
      return powerState(facts);
    },
    close: () => helper.close(),
  };
}
