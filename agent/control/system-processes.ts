import { setTimeout as sleep } from 'node:timers/promises';
import type { RunCommand } from '../power/run-command.ts';
import { endFamily, type ProcessControl, reapZombies } from './end-family.ts';
import { endLeftovers } from './leftovers.ts';
import { environmentOf, listProcesses } from './processes.ts';
import type { Subreaper } from './subreaper.ts';
import { workerFamily } from './worker-family.ts';

export type SystemProcesses = {
  /** with everything it started */
  end(worker: number): Promise<void>;
  /** what the worker noted in this file left running */
  endLeftovers(recordFile: string): Promise<void>;
  /** the start time that, with the pid, names a process for ever; empty when there is no such process */
  startOf(pid: number): string;
  /** collects dead children of the worker that became ours */
  collect(worker: number): void;
};

export type SystemProcessesOptions = {
  platform: string;
  mine: number;
  subreaper: Subreaper;
  run: RunCommand;
  /** `process.kill` */
  signal: (pid: number, signal: 'SIGKILL') => void;
};

export function systemProcesses({ platform, mine, subreaper, run, signal }: SystemProcessesOptions): SystemProcesses {
  const control: ProcessControl = {
    mine,
    list: () => listProcesses(platform),
    reap: subreaper.reap,
    sleep: (ms) => sleep(ms),
    kill(pid) {
      try {
        signal(pid, 'SIGKILL');
      } catch {
        // It ended in between, which is what was wanted.
      }
    },
  };
  return {
    async end(worker) {
      if (platform === 'win32') await run('taskkill', ['/T', '/F', '/PID', String(worker)]);
      else await endFamily(worker, control);
    },
    endLeftovers: (file) => endLeftovers(file, { ...control, environmentOf: (pid) => environmentOf(pid, platform) }),
    startOf: (pid) => control.list().find((process) => process.pid === pid)?.started ?? '',
    collect: (worker) => reapZombies(workerFamily({ all: control.list(), worker, mine }), worker, control),
  };
}
