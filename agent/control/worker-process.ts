import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, statSync } from 'node:fs';

/** A running worker, as the supervisor holds it. */
export type Worker = {
  pid: number;
  /** Must not throw: what a dead worker does not hear is lost. */
  send(message: unknown): void;
  /** Ends it with everything it started; settles when nothing is left. Also after it ended by itself. */
  kill(): Promise<void>;
};

export type WorkerEvents = {
  message: (message: unknown) => void;
  /** once, never during the call that starts it */
  exit: (how: string) => void;
};

export type StartWorker = (on: WorkerEvents) => Worker;

export type WorkerProgram = {
  command: string;
  args: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  logFile: string;
  /** Notes who was started, so that a later supervisor can end what this one could not. */
  started(pid: number): void;
  endFamily(pid: number): Promise<void>;
};

const LOG_BYTES = 1_000_000;

/** Appends, and begins anew above a megabyte: a log nobody reads must not fill a disk. */
export function openLog(file: string): number {
  return openSync(file, existsSync(file) && statSync(file).size > LOG_BYTES ? 'w' : 'a', 0o600);
}

function fork({ command, args, cwd, env, logFile }: WorkerProgram): ChildProcess {
  const log = openLog(logFile);
  try {
    return spawn(command, [...args], {
      cwd,
      env: { ...env },
      stdio: ['ignore', log, log, 'ipc'],
      // A session of its own: Ctrl-C in a terminal must not reach it, and its whole family can be told from ours.
      detached: true,
      windowsHide: true,
    });
  } finally {
    closeSync(log);
  }
}

export function workerStarter(program: WorkerProgram): StartWorker {
  return (on) => {
    const child = fork(program);
    const pid = child.pid ?? 0;
    let ended = false;
    const end = (how: string) => {
      if (!ended) on.exit(how);
      ended = true;
    };
    if (pid !== 0) program.started(pid);
    child.on('message', on.message);
    child.on('error', (error) => end(error.message));
    child.on('exit', (code, signal) => end(signal === null ? `code ${code}` : signal));
    return {
      pid,
      send: (message) => {
        // The callback takes the error of a channel that closed in between; 'exit' tells the rest.
        if (child.connected) child.send(JSON.parse(JSON.stringify(message)), () => {});
      },
      kill: () => (pid === 0 ? Promise.resolve() : program.endFamily(pid)),
    };
  };
}
