import { execFile } from 'node:child_process';

export type CommandResult = { ok: true; stdout: string } | { ok: false; why: string };

/** Runs a short program to its end. Must not throw. */
export type RunCommand = (command: string, args: readonly string[]) => Promise<CommandResult>;

const TIMEOUT_MS = 5_000;

export const runCommand: RunCommand = (command, args) =>
  new Promise((resolve) => {
    execFile(command, [...args], { timeout: TIMEOUT_MS, killSignal: 'SIGKILL', windowsHide: true }, (error, stdout) =>
      resolve(error === null ? { ok: true, stdout } : { ok: false, why: `${command}: ${error.message}` }),
    );
  });
