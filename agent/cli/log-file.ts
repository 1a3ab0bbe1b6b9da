import { closeSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { openLog } from '../control/worker-process.ts';

/** Runs `use` with the log open for a child's output; the child keeps its own handle. */
export function withLog<T>(file: string, use: (log: number) => T): T {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const log = openLog(file);
  try {
    return use(log);
  } finally {
    closeSync(log);
  }
}

/** The last lines, to be shown when the writer could not start. */
export function lastLines(file: string, count = 8): string {
  if (!existsSync(file)) return '';
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
}
