import { Database, SQLiteError } from 'bun:sqlite';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pid } from 'node:process';

export type Lock = { release: () => void };

/**
 * Takes the data folder for this process, or throws an Error that names the holder. The lock is SQLite's
 * exclusive lock on a file: the kernel drops it when the process ends, even by SIGKILL, and no number of
 * an ended process can be taken for it.
 */
export function lockFolder(dataDir: string): Lock {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const holder = join(dataDir, 'stack.pid');
  const lock = new Database(join(dataDir, 'stack.lock'));
  try {
    lock.run('begin exclusive');
  } catch (error) {
    lock.close();
    throw error instanceof SQLiteError && error.code === 'SQLITE_BUSY' ? taken(dataDir, holder) : error;
  }
  writeFileSync(holder, String(pid), { mode: 0o600 });
  return { release: () => lock.close() };
}

function taken(dataDir: string, holder: string): Error {
  return new Error(
    `Another Errand stack (process ${readHolder(holder)}) already runs on ${dataDir}. Use that one, stop it, or choose another data folder.`,
  );
}

function readHolder(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return 'unknown';
  }
}
