import { Database, SQLiteError } from 'bun:sqlite';

export type Lock = { release(): void };

/**
 * Undefined while another process holds it. The lock is SQLite's exclusive lock on a file: the kernel drops it when the holder ends,
 * even by SIGKILL, and no reused process number can be taken for the holder.
 */
export function takeLock(file: string): Lock | undefined {
  const database = new Database(file);
  try {
    database.run('begin exclusive');
    return { release: () => database.close() };
  } catch (error) {
    database.close();
    if (error instanceof SQLiteError && error.code === 'SQLITE_BUSY') return undefined;
    throw error;
  }
}
