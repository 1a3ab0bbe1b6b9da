import { randomBytes } from 'node:crypto';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of SQLite and of the system: full, over quota, failing or read-only. A journal that cannot write must not let anything be done. */
const CANNOT_WRITE = /^(SQLITE_FULL|SQLITE_IOERR|SQLITE_READONLY|ENOSPC|EDQUOT|EROFS)/;

/** Whether this error means that the disk takes nothing more. */
export const isDiskFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && CANNOT_WRITE.test(String(error.code));

/** Enough to park what runs and to tell the phones. */
const RESERVE_BYTES = 2_000_000;

export interface Reserve {
  /** Gives the room back to the disk, for the last words. Must not throw. */
  spend(): void;
}

/** Takes room on the disk while there is some: what is told at the end needs it. Throws the errors of write(2). */
export function keepReserve(folder: string): Reserve {
  const file = join(folder, 'reserve');
  const spend = (): void => rmSync(file, { force: true });
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) < RESERVE_BYTES) {
    try {
      // Noise: a disk that packs what it keeps would keep no room for zeros.
      writeFileSync(file, randomBytes(RESERVE_BYTES), { mode: 0o600 });
    } catch (error) {
      spend();
      throw error;
    }
  }
  return { spend };
}
