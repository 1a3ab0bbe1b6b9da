import { constants } from 'node:fs';
import { link, lstat, mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { sha256B64u } from '../../edge/protocol/bytes.ts';
import { codeOf, type Held } from './locate.ts';
import type { Platform } from './names.ts';
import type { Committed, FileState } from './opened.ts';
import { openBelow, readThrough, stayed, through } from './through.ts';

/** A file of this size or more is not replaced, because its previous version is kept whole. */
export const MAX_REPLACED_BYTES = 64 * 1024 * 1024;

export type Step = 'kept' | 'created' | 'half' | 'written' | 'moved';

export interface PublishDesk {
  readonly platform: Platform;
  /** Names this start of the agent; a temporary file of another start is a leftover. */
  readonly run: string;
  /** Keeps what a write is about to replace (`bytes` null: nothing). Resolves once it is safe on disk. */
  keepBefore(image: { path: string; bytes: Uint8Array<ArrayBuffer> | null; sha256: string | null }): Promise<void>;
  /** Called as each step is done; tests end the process there. */
  onStep?(step: Step): void;
}

export interface Publication {
  /** Where the file goes: an open folder, folders still to be made below it, and the file's own name. */
  readonly folder: Held;
  readonly newFolders: readonly string[];
  readonly path: string;
  readonly before: FileState | null;
  readonly content: Uint8Array<ArrayBuffer>;
}

const LEFTOVER = /^\.errand-([A-Za-z0-9_-]{22})-\d+\.part$/;
let count = 0;

/** Removes what an earlier start of the agent left half-written in a folder. */
export async function sweep(folder: Held, desk: Pick<PublishDesk, 'run' | 'platform'>): Promise<void> {
  for (const name of await readdir(through(folder, '', desk.platform))) {
    const run = LEFTOVER.exec(name)?.[1];
    if (run !== undefined && run !== desk.run) await rm(through(folder, name, desk.platform), { force: true });
  }
}

interface Present {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sha256: string;
  readonly mode: number;
}

/** What the name holds at this moment: a file's bytes, nothing (null), or something else that is in the way. */
async function presentAt(folder: Held, name: string, platform: Platform): Promise<Present | null | 'in the way'> {
  const target = through(folder, name, platform);
  try {
    if (!(await lstat(target)).isFile()) return 'in the way';
    const handle = await open(target, constants.O_RDONLY | (platform === 'win32' ? 0 : constants.O_NOFOLLOW));
    try {
      const stat = await handle.stat();
      const bytes = await readThrough(handle, { start: 0, end: Math.min(stat.size, MAX_REPLACED_BYTES) + 1 });
      return { bytes, sha256: await sha256B64u(bytes), mode: stat.mode };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

async function writeRange(handle: FileHandle, bytes: Uint8Array, range: { start: number; end: number }): Promise<void> {
  for (let at = range.start; at < range.end;) {
    at += (await handle.write(bytes, at, range.end - at, at)).bytesWritten;
  }
}

async function writeWhole(handle: FileHandle, job: Publication, onStep: (step: Step) => void): Promise<void> {
  const half = Math.floor(job.content.length / 2);
  await writeRange(handle, job.content, { start: 0, end: half });
  onStep('half');
  await writeRange(handle, job.content, { start: half, end: job.content.length });
  await handle.sync();
}

/** A new name is made by link(2), which never replaces; a disk without hard links gets rename(2). */
async function moveIn(from: string, to: string, replaces: boolean): Promise<void> {
  if (replaces) return rename(from, to);
  try {
    await link(from, to);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw error;
    return rename(from, to);
  }
  await rm(from, { force: true });
}

async function put(folder: Held, job: Publication, desk: PublishDesk, mode: number | null): Promise<void> {
  const temporary = through(folder, `.errand-${desk.run}-${++count}.part`, desk.platform);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  // 0666 is cut by the umask; a replaced file keeps its own mode. Never an executable bit.
  const handle = await open(temporary, flags, mode === null ? 0o666 : 0o600);
  try {
    desk.onStep?.('created');
    if (mode !== null) await handle.chmod(mode & 0o666);
    await writeWhole(handle, job, (step) => desk.onStep?.(step));
    await handle.close();
    desk.onStep?.('written');
    if (desk.platform !== 'linux' && !(await stayed(folder))) throw new Error('The folder moved.');
    await moveIn(temporary, through(folder, basename(job.path), desk.platform), job.before !== null);
    desk.onStep?.('moved');
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
  // Some disks refuse this on a folder; the file is in place all the same.
  await folder.handle.sync().catch(() => undefined);
}

/** Why the bytes may not go in any more, or null. */
function hindrance(present: Present | null | 'in the way', { path, before }: Publication): string | null {
  if (present === 'in the way') return `${path} is not a file any more. Nothing was written.`;
  if (present?.sha256 === before?.sha256) return null;
  return `${path} was changed by somebody else in the meantime. Nothing was written. Look at it again.`;
}

async function publishIn(folder: Held, job: Publication, desk: PublishDesk): Promise<Committed> {
  const { path } = job;
  await sweep(folder, desk);
  const present = await presentAt(folder, basename(path), desk.platform);
  const why = hindrance(present, job);
  if (present === 'in the way' || why !== null) return { done: false, why: why ?? path };
  if (present?.sha256 === (await sha256B64u(job.content))) return { done: true };
  const { bytes, sha256, mode } = present ?? { bytes: null, sha256: null, mode: null };
  await desk.keepBefore({ path, bytes, sha256 });
  desk.onStep?.('kept');
  await put(folder, job, desk, mode);
  return { done: true };
}

/** Opens the folder a file goes to, making the missing ones, and closes each it went through. */
async function withFolder<Result>(
  job: { folder: Held; names: readonly string[] },
  platform: Platform,
  use: (folder: Held) => Promise<Result>,
): Promise<Result> {
  const [name, ...names] = job.names;
  if (name === undefined) return use(job.folder);
  await mkdir(through(job.folder, name, platform)).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
  });
  const inner = await openBelow(job.folder, name, platform);
  try {
    await job.folder.handle.sync().catch(() => undefined);
    return await withFolder({ folder: inner, names }, platform, use);
  } finally {
    await inner.handle.close();
  }
}

const REASONS = new Map([
  ['EACCES', 'This desktop’s account may not write there.'],
  ['EPERM', 'This desktop’s account may not write there.'],
  ['EROFS', 'The disk is read-only.'],
  ['ENOSPC', 'The disk is full.'],
  ['EDQUOT', 'The disk quota is used up.'],
  ['EEXIST', 'Another file of this name appeared in the meantime.'],
]);

/**
 * Writes a whole file so that at every moment, kill -9 and power loss included, its name holds the old bytes or the new ones.
 * What is replaced is given to `keepBefore` first. Must not throw.
 */
export async function publish(job: Publication, desk: PublishDesk): Promise<Committed> {
  try {
    const place = { folder: job.folder, names: job.newFolders };
    return await withFolder(place, desk.platform, (folder) => publishIn(folder, job, desk));
  } catch (error) {
    const why = REASONS.get(codeOf(error)) ?? (error instanceof Error ? error.message : 'It could not be written.');
    return { done: false, why: `${job.path}: ${why} Nothing was written.` };
  }
}
