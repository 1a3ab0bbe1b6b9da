import type { Process } from './processes.ts';
import { workerFamily } from './worker-family.ts';

export type ProcessControl = {
  list: () => readonly Process[];
  /** SIGKILL; a process that is already gone is fine */
  kill: (pid: number) => void;
  /** collects a dead child that nobody else waits for */
  reap: (pid: number) => void;
  sleep: (ms: number) => Promise<void>;
  mine: number;
};

const ROUND_MS = 20;
/** 5 s: a process in uninterruptible sleep must not hold the supervisor for ever. */
const ROUNDS = 250;

/** Kills a worker and everything it started, until nothing of it is left. A killed process may have forked just before: hence rounds. */
export async function endFamily(worker: number, processes: ProcessControl): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const family = workerFamily({ all: processes.list(), worker, mine: processes.mine });
    reapZombies(family, worker, processes);
    const alive = family.filter(({ zombie }) => !zombie);
    if (alive.length === 0) return;
    for (const { pid } of alive) processes.kill(pid);
    await processes.sleep(ROUND_MS);
  }
}

/** The worker itself is collected by the runtime that started it. */
export function reapZombies(family: readonly Process[], worker: number | undefined, processes: ProcessControl): void {
  for (const { pid, parent, zombie } of family)
    if (zombie && parent === processes.mine && pid !== worker) processes.reap(pid);
}
