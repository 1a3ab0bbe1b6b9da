import { expect, setDefaultTimeout, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { record } from '../../support/evidence.ts';

/*
 * The agent's journal, runner and link, and the phone's stores, in one process with a clock of our own: random errands in threads,
 * and random faults of the process, the network and the relay. ERRAND_SEED=n runs one of them and prints what happened.
 */

setDefaultTimeout(600_000);

const RUNS = 2000;
const PROCESSES = 2;

interface Found {
  readonly runs: number;
  readonly tasks: number;
  readonly injected: number;
  readonly failed: readonly {
    readonly seed: number;
    readonly wrongs: readonly string[];
    readonly trace: readonly string[];
  }[];
}

async function runSeeds(from: number, to: number): Promise<Found> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'run-seeds.ts'), String(from), String(to)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let complaints = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (status !== 0) throw new Error(`the runs from ${from} ended with ${status}: ${complaints}`);
  // oxlint-disable-next-line typescript/consistent-type-assertions -- our own program's words
  return JSON.parse(said) as Found;
}

const story = ({ seed, wrongs, trace }: Found['failed'][number]): string =>
  `ERRAND_SEED=${seed} repeats this:\n${[...trace, '', ...wrongs].join('\n')}`;

const [first, last] =
  process.env['ERRAND_SEED'] === undefined
    ? [0, RUNS]
    : [Number(process.env['ERRAND_SEED']), Number(process.env['ERRAND_SEED']) + 1];

test('whatever dies, gets lost or comes twice: every errand has one fate, in its order, and nothing is done twice', async () => {
  const share = Math.ceil((last - first) / PROCESSES);
  const starts = Array.from({ length: PROCESSES }, (_, index) => first + index * share).filter((start) => start < last);
  const found = await Promise.all(starts.map((start) => runSeeds(start, Math.min(start + share, last))));
  const failed = found.flatMap((part) => part.failed);
  expect(failed.slice(0, 3).map(story)).toEqual([]);
  expect(failed.map(({ seed }) => seed)).toEqual([]);
  const sum = (pick: (part: Found) => number): number => found.reduce((total, part) => total + pick(part), 0);
  expect(sum(({ runs }) => runs)).toBe(last - first);
  if (last - first < RUNS) return;
  record({
    is: 'faults',
    run: 'seeded runs in one process, with a clock of their own',
    tasks: sum(({ tasks }) => tasks),
    injected: sum(({ injected }) => injected),
    lost: 0,
    repeated: 0,
  });
});
