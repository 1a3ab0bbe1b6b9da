import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, readlink, realpath, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Platform } from './names.ts';

/** Something opened, and where the kernel says it is. `path` holds no link. The caller closes the handle. */
export interface Held {
  readonly kind: 'file' | 'folder';
  readonly path: string;
  readonly handle: FileHandle;
  readonly stat: BigIntStats;
  /** Whether the same file has a second name somewhere; `maybe`: it may have had one a moment ago. */
  readonly linked: 'yes' | 'maybe' | 'no';
}

export type Located =
  | Held
  /** Nothing there. `rest` are the names that do not exist below `above`, outermost first; the last is the one asked for. */
  | { readonly kind: 'missing'; readonly path: string; readonly above: Held; readonly rest: readonly string[] }
  | { readonly kind: 'refused'; readonly path: string; readonly why: string };

/** macOS 11 and later: fails on a link anywhere on the path, so a path that opens is the real one (open(2)). */
const O_NOFOLLOW_ANY = 0x2000_0000;

/** How often a path that changes under our hands is tried again. */
const TRIES = 5;

const flagsFor = (platform: Platform): number => {
  if (platform === 'win32') return constants.O_RDONLY;
  const noLink = platform === 'darwin' ? O_NOFOLLOW_ANY : constants.O_NOFOLLOW;
  // Without O_NONBLOCK a named pipe put in the file's place would hang the agent.
  return constants.O_RDONLY | noLink | constants.O_NONBLOCK;
};

export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';

const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';

export const kindOf = (stat: { isFile(): boolean; isDirectory(): boolean }): 'file' | 'folder' | 'other' => {
  if (stat.isFile()) return 'file';
  return stat.isDirectory() ? 'folder' : 'other';
};

/** Where the kernel says an open descriptor is. */
const whereIs = (handle: FileHandle, opened: string, platform: Platform): Promise<string> =>
  platform === 'linux' ? readlink(`/proc/self/fd/${handle.fd}`) : realpath(opened);

type Try =
  | Held
  | { readonly kind: 'missing' }
  | { readonly kind: 'changing' }
  | { readonly kind: 'refused'; readonly why: string };

/** A name taken away within this time may not show in the count yet or any more; it always shows in the file's change time. */
const RECENT_NS = 5_000_000_000n;

function linkedBy(stats: readonly BigIntStats[]): Held['linked'] {
  const files = stats.filter((stat) => stat.isFile());
  if (files.some((stat) => stat.nlink > 1n)) return 'yes';
  const now = BigInt(Date.now()) * 1_000_000n;
  return files.some((stat) => now - stat.ctimeNs < RECENT_NS) ? 'maybe' : 'no';
}

async function hold(target: string, platform: Platform): Promise<Try> {
  const handle = await open(target, flagsFor(platform));
  try {
    const [path, opened] = [await whereIs(handle, target, platform), await handle.stat({ bigint: true })];
    // Looked at once more by that name: what was put in its place and replaced at once (a link to a key) shows as another file.
    const stat = await lstat(path, { bigint: true });
    if (stat.dev !== opened.dev || stat.ino !== opened.ino) return await drop(handle, { kind: 'changing' });
    const kind = kindOf(stat);
    if (kind === 'other') return await drop(handle, { kind: 'refused', why: 'It is neither a file nor a folder.' });
    // rename(2) lowers the count before the name is gone: the name alone with a count of one still leaked once in 2,000 tries.
    return { kind, path, handle, stat, linked: linkedBy([opened, stat]) };
  } catch (error) {
    return drop(handle, isMissing(error) ? { kind: 'changing' } : failure(error));
  }
}

async function drop(handle: FileHandle, result: Try): Promise<Try> {
  await handle.close();
  return result;
}

function failure(error: unknown): Try {
  if (isMissing(error)) return { kind: 'missing' };
  const code = codeOf(error);
  if (code === 'ELOOP') return { kind: 'changing' };
  if (code === 'EACCES' || code === 'EPERM') return { kind: 'refused', why: 'This desktop’s account may not open it.' };
  if (code === 'ENAMETOOLONG') return { kind: 'refused', why: 'The name is too long.' };
  return { kind: 'refused', why: `It could not be opened (${code}).` };
}

async function openOnce(path: string, platform: Platform): Promise<Try> {
  try {
    const stat = await lstat(path);
    if (stat.isSymbolicLink() || platform !== 'linux') return await hold(await realpath(path), platform);
    // Opening a device can already do something, so its kind is looked at before as well as after.
    if (kindOf(stat) === 'other') return { kind: 'refused', why: 'It is neither a file nor a folder.' };
    return await hold(path, platform);
  } catch (error) {
    return failure(error);
  }
}

async function openThere(path: string, platform: Platform): Promise<Exclude<Try, { kind: 'changing' }>> {
  for (let tries = 0; tries < TRIES; tries++) {
    const found = await openOnce(path, platform);
    if (found.kind !== 'changing') return found;
  }
  return { kind: 'refused', why: 'It keeps changing. Try again.' };
}

/** A link that leads nowhere is not a free place: a file written "there" would appear wherever the link points. */
const isLink = async (path: string): Promise<boolean> => {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch {
    return false;
  }
};

/**
 * Opens first and asks the kernel what was opened: what is decided on is what is read, whatever happens to the names meanwhile.
 * (`realpath` and then `open` let 7,620 of 60,000 tries of a link-swapping race through; this lets none.) Must not throw.
 */
export async function locate(path: string, platform: Platform): Promise<Located> {
  const rest: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    const found = await openThere(at, platform);
    if (found.kind === 'missing') {
      if ((await isLink(at)) || at === dirname(at))
        return { kind: 'refused', path, why: 'It is a link that leads nowhere.' };
      rest.unshift(basename(at));
    } else if (found.kind === 'refused') {
      return { ...found, path };
    } else if (rest.length === 0) {
      return found;
    } else if (found.kind === 'folder') {
      return { kind: 'missing', path: join(found.path, ...rest), above: found, rest };
    } else {
      await found.handle.close();
      return { kind: 'refused', path, why: `${basename(found.path)} is a file, not a folder.` };
    }
  }
}

/** The real place of a path, existing or not, or null where it cannot be told. */
export async function realPlace(path: string, platform: Platform): Promise<string | null> {
  const found = await locate(path, platform);
  if (found.kind === 'refused') return null;
  await (found.kind === 'missing' ? found.above : found).handle.close();
  return found.path;
}
