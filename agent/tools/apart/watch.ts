import { writeSync } from 'node:fs';
import { kill, memoryUsage, pid, ppid } from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import * as z from 'zod/mini';
import type { Answer } from './job.ts';

/*
 * A thread beside the work, because the work may never come up for breath: it ends the whole process when that has grown too large, or
 * when nobody is left to read its answer. The same on every system; measured overshoot 50 MB at the fastest growth a script managed.
 */

const LOOK_MS = 25;
const STDOUT = 1;

const { maxBytes } = z.object({ maxBytes: z.number() }).parse(workerData);
const parent = ppid;

function isAlone(): boolean {
  try {
    kill(parent, 0);
    return false;
  } catch {
    return true;
  }
}

setInterval(() => {
  const large = memoryUsage.rss() > maxBytes;
  if (!large && !isAlone()) return;
  const answer: Answer = { is: 'too much memory' };
  if (large) writeSync(STDOUT, `${JSON.stringify(answer)}\n`);
  kill(pid, 'SIGKILL');
}, LOOK_MS);
parentPort?.postMessage('watching');
