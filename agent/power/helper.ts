import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A small child process that speaks in lines. It ends by itself when its input closes, so it never outlives us. */
export type Helper = {
  send(line: string): void;
  close(): void;
};

export type HelperEvents = {
  /** the program runs */
  start?: () => void;
  line: (text: string) => void;
  /** once, when the helper has ended or could not be started; never during the call that starts it */
  end: (why: string) => void;
};

/** Must not throw: a program that is missing is an `end`. */
export type StartHelper = (
  program: { command: string; args: readonly string[]; env?: Readonly<Record<string, string | undefined>> },
  on: HelperEvents,
) => Helper;

export const startHelper: StartHelper = ({ command, args, env }, on) => {
  const child = spawn(command, [...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
    windowsHide: true,
    ...(env === undefined ? {} : { env: { ...env } }),
  });
  let ended = false;
  const end = (why: string) => {
    if (ended) return;
    ended = true;
    on.end(why);
  };
  child.on('spawn', () => on.start?.());
  child.on('error', (error) => end(`${command} could not be started: ${error.message}`));
  child.on('exit', (code, signal) => end(`${command} ended (${signal ?? code})`));
  // A pipe to a helper that has just died must not become an uncaught error; its end is told by 'exit'.
  child.stdin.on('error', () => {});
  createInterface({ input: child.stdout }).on('line', on.line);
  return {
    send: (line) => void child.stdin.write(`${line}\n`),
    close() {
      child.stdin.end();
      child.kill();
    },
  };
};
