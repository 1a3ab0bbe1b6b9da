import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getuid } from 'node:process';

// sun_path holds 104 bytes on macOS and 108 on Linux, and the name of the socket takes 20 of them.
const longest = 80;

/**
 * A folder only its owner can enter, short enough for a socket's path. A deep data folder (macOS's
 * temporary folders are) gets one of a fixed name under the system's temporary folder.
 */
export function socketFolder(home: string): string {
  const inside = join(home, 'run');
  const folder = inside.length <= longest ? inside : join(tmpdir(), `errand-${shortName(home)}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { mode, uid } = lstatSync(folder);
  const mine = uid === getuid?.() || getuid?.() === 0;
  if (!mine || (mode & 0o077) !== 0) {
    throw new Error(
      `${folder} must belong to you alone (chmod 700): the database's socket goes there. Remove it, then start again.`,
    );
  }
  return folder;
}

function shortName(home: string): string {
  return createHash('sha256').update(home).digest('hex').slice(0, 16);
}
