import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { newDesktop, phoneFor, signUpAndPair, type Desktop } from '../support/desktop.ts';
import { median, pssOf } from './measure.ts';

const root = resolve(import.meta.dir, '..', '..');
const RUNS = 5;

/** A worker of a paired desktop, from spawn until its Realtime channel is joined. */
async function workerReady(desktop: Desktop): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, [join(root, 'agent/worker.ts')], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { PATH: process.env['PATH'], HOME: desktop.home, ERRAND_DATA: desktop.data, ERRAND_KEYRING: 'file' },
  });
  const took = await new Promise<number>((done) => {
    child.on('message', (message: { notice?: { say: string; link?: string } }) => {
      if (message.notice?.say === 'link' && message.notice.link === 'online') done(performance.now() - began);
    });
  });
  const ended = new Promise((done) => child.once('close', done));
  child.send({ order: 'end', presence: 'idle', why: 'measured' });
  await ended;
  return took;
}

/** Supervisor and worker of a paired desktop that has nothing to do. */
export async function measureAgent(): Promise<Record<string, number>> {
  const desktop = newDesktop();
  try {
    await desktop.start();
    const phone = await phoneFor(desktop);
    await signUpAndPair(desktop, phone);
    await phone.stop();
    const supervisors: number[] = [];
    const workers: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      await desktop.errand('stop');
      await desktop.errand('up');
      await Bun.sleep(5000);
      const { supervisor, worker } = await desktop.pids();
      supervisors.push(pssOf(supervisor));
      workers.push(pssOf(worker ?? 0));
    }
    await desktop.errand('stop');
    const ready: number[] = [];
    await workerReady(desktop);
    for (let run = 0; run < RUNS; run++) ready.push(await workerReady(desktop));
    return {
      supervisor_pss_mb: median(supervisors),
      worker_pss_mb: median(workers),
      worker_ready_ms: median(ready),
    };
  } finally {
    await desktop.clear();
  }
}
