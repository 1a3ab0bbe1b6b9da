import type { Helper, HelperEvents, StartHelper } from '../../../agent/power/helper.ts';
import type { RunCommand } from '../../../agent/power/run-command.ts';

/** Answers a command line by what it once printed; any other is a program that is missing. */
export function recorded(outputs: Readonly<Record<string, string>>): RunCommand {
  return async (command, args) => {
    const line = [command, ...args].join(' ');
    const stdout = outputs[line];
    return stdout === undefined ? { ok: false, why: `${command}: not found` } : { ok: true, stdout };
  };
}

/** A helper that says what the test tells it to say. */
export function scriptedHelper() {
  const starts: Parameters<StartHelper>[0][] = [];
  let closes = 0;
  let events: HelperEvents | undefined;
  const helper: Helper = {
    send() {},
    close() {
      closes += 1;
    },
  };
  const start: StartHelper = (program, on) => {
    starts.push(program);
    events = on;
    return helper;
  };
  return {
    start,
    starts,
    closes: () => closes,
    begin: () => events?.start?.(),
    say: (...lines: string[]) => lines.forEach((line) => events?.line(line)),
    end: (why: string) => events?.end(why),
  };
}
