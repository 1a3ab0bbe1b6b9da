import type { StartWorker, WorkerEvents } from '../../agent/control/worker-process.ts';

export type ScriptedWorker = {
  sent: unknown[];
  killed: number;
  says: WorkerEvents['message'];
  exits: WorkerEvents['exit'];
};

/** Workers that do only what a test makes them do. A killed one exits. */
export function scriptedWorkers(): { start: StartWorker; all: ScriptedWorker[] } {
  const all: ScriptedWorker[] = [];
  return {
    all,
    start(on) {
      let exited = false;
      const worker: ScriptedWorker = {
        sent: [],
        killed: 0,
        says: on.message,
        exits: (how) => {
          if (exited) return;
          exited = true;
          on.exit(how);
        },
      };
      all.push(worker);
      return {
        pid: 1000 + all.length,
        send: (message) => void worker.sent.push(message),
        async kill() {
          worker.killed += 1;
          worker.exits('SIGKILL');
        },
      };
    },
  };
}
