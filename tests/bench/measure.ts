import { readFileSync, readdirSync } from 'node:fs';

/** The value at quantile `q` (0 to 1) by nearest rank. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Two digits behind the point are more than these machines can tell apart. */
export const round = (value: number): number => Math.round(value * 100) / 100;

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    const text = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  });
}

/** Proportional set size of a process and everything below it, in MB (Linux `smaps_rollup`): shared pages are counted once. */
export function pssOfTree(pid: number): number {
  return [pid, ...childrenOf(pid)].reduce((sum, each) => sum + (each === pid ? pssOf(pid) : pssOfTree(each)), 0);
}

export function pssOf(pid: number): number {
  const kb = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
  return Number(kb) / 1024;
}

/** Runs `once` `times` times after one warm-up that is not counted, and answers the median. */
export async function medianOf(times: number, once: () => Promise<number>): Promise<number> {
  await once();
  const values: number[] = [];
  for (let i = 0; i < times; i++) values.push(await once());
  return median(values);
}
