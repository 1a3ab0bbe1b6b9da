import { lstat, readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import type { BigIntStats } from 'node:fs';
import { foldHard } from './names.ts';
import type { Pattern } from './pattern.ts';
import type { Guarded } from './sensitive.ts';

/** Entries looked at before a file with several names is refused for not being checkable. */
const MAX_ENTRIES = 100_000;

type Wanted = Pick<BigIntStats, 'dev' | 'ino'>;

interface Search {
  readonly wanted: Wanted;
  left: number;
}

const identity = async (path: string): Promise<BigIntStats | null> => {
  try {
    return await lstat(path, { bigint: true });
  } catch {
    return null;
  }
};

const namesIn = async (folder: string): Promise<readonly string[]> => {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
};

/** Whether the wanted file is among what `pattern` names below `path` or, the pattern used up, anywhere below. */
async function seek(search: Search, path: string, pattern: Pattern): Promise<boolean> {
  if (search.left-- <= 0) return true;
  const found = await identity(path);
  if (found === null) return false;
  if (pattern.length === 0) {
    if (found.dev !== search.wanted.dev) return false; // A hard link cannot leave its disk.
    if (found.ino === search.wanted.ino) return true;
  }
  if (pattern[0] === '**' && (await seek(search, path, pattern.slice(1)))) return true;
  return found.isDirectory() && seekBelow(search, path, pattern);
}

async function seekBelow(search: Search, folder: string, pattern: Pattern): Promise<boolean> {
  const [first, ...rest] = pattern;
  const names = await namesIn(folder);
  const fitting = first instanceof RegExp ? names.filter((name) => first.test(foldHard(name))) : names;
  const deeper = first instanceof RegExp ? rest : pattern;
  for (const name of fitting) if (await seek(search, join(folder, name), deeper)) return true;
  return false;
}

/**
 * The guarded place that also holds this file, or null: a hard link passes every check of names. Looks the guarded places through
 * anew each time, which is why only files with several names come here; documents hardly ever have them.
 */
export async function linkedFrom(wanted: Wanted, places: readonly Guarded[], home: string): Promise<string | null> {
  const { root } = parse(home);
  for (const { entry, pattern } of places) {
    // On Windows a pattern begins with the drive, which the root already is.
    const below = root === '/' ? pattern : pattern.slice(1);
    if (await seek({ wanted, left: MAX_ENTRIES }, root, below)) return entry;
  }
  return null;
}
