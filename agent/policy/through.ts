import { lstat, open, type FileHandle } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import type { Held } from './locate.ts';
import type { Platform } from './names.ts';

/**
 * The name of an entry of an open folder. On Linux it goes through the descriptor, so that renaming or replacing the folder by a
 * link changes nothing; elsewhere it is the real path, and {@link stayed} tells afterwards whether the folder stayed.
 */
export const through = (folder: Pick<Held, 'path' | 'handle'>, name: string, platform: Platform): string =>
  platform === 'linux' ? `/proc/self/fd/${folder.handle.fd}/${name}` : join(folder.path, name);

/** Whether an open folder is still where it was. */
export async function stayed(folder: Held): Promise<boolean> {
  const [held, named] = [folder.stat, await lstat(folder.path, { bigint: true })];
  return held.dev === named.dev && held.ino === named.ino;
}

/** Opens a folder inside an open folder, following no link. Throws the errors of open(2). */
export async function openBelow(folder: Held, name: string, platform: Platform): Promise<Held> {
  const flags = platform === 'win32' ? 0 : constants.O_NOFOLLOW | constants.O_DIRECTORY;
  const handle = await open(through(folder, name, platform), constants.O_RDONLY | flags);
  return {
    kind: 'folder',
    path: join(folder.path, name),
    handle,
    stat: await handle.stat({ bigint: true }),
    linked: 'no',
  };
}

/** Bytes from an open file: `[start, end)`, cut at its end. Leaves the descriptor's position alone. */
export async function readThrough(
  handle: FileHandle,
  range: { start: number; end: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(Math.max(0, range.end - range.start));
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, range.start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

const CHUNK_BYTES = 1024 * 1024;

/** Hash and size of an open file, read to its end as it is now. */
export async function stateOf(handle: FileHandle): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  for (;;) {
    const chunk = await readThrough(handle, { start: size, end: size + CHUNK_BYTES });
    if (chunk.length === 0) return { sha256: hash.digest('base64url'), size };
    hash.update(chunk);
    size += chunk.length;
  }
}
