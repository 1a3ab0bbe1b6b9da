import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { endFamily, type ProcessControl } from './end-family.ts';
import type { Process } from './processes.ts';

/** The name of the variable by which everything a worker starts can be recognised, unless it was given a clean environment. */
export const RUN_VARIABLE = 'ERRAND_RUN';

const recordSchema = z.object({
  /** random, one for each supervisor */
  run: z.string(),
  pid: z.int(),
  started: z.string(),
});
export type WorkerRecord = z.infer<typeof recordSchema>;

export type LeftoverQuestion = ProcessControl & { environmentOf: (pid: number) => readonly string[] };

/** Must not throw: without a record a killed supervisor's worker may be left over, without a supervisor it certainly is. */
export function writeRecord(file: string, record: WorkerRecord): void {
  try {
    writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch {
    // The disk is full. The record before this one has the same `run`.
  }
}

function readRecord(file: string): WorkerRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // Never written, or torn while the machine lost its power: then nothing of that run lives either.
    return undefined;
  }
}

function isLeftover(process: Process, { record, reused, environmentOf }: Hunt): boolean {
  if (!reused && (process.pid === record.pid || process.session === record.pid)) return true;
  return environmentOf(process.pid).includes(`${RUN_VARIABLE}=${record.run}`);
}

type Hunt = { record: WorkerRecord; reused: boolean; environmentOf: LeftoverQuestion['environmentOf'] };

/**
 * Ends what the worker of a killed supervisor left running. A process number that was given to some other program since then is
 * recognised by its start time, and its session is left alone.
 */
export async function endLeftovers(file: string, question: LeftoverQuestion): Promise<void> {
  const record = readRecord(file);
  if (record === undefined) return;
  const all = question.list();
  const reused = all.some(({ pid, started }) => pid === record.pid && started !== record.started);
  const hunt = { record, reused, environmentOf: question.environmentOf };
  const left = all.filter((process) => process.pid !== question.mine && isLeftover(process, hunt));
  for (const { pid } of left) question.kill(pid);
  for (const { pid } of left) await endFamily(pid, question);
  rmSync(file, { force: true });
}
