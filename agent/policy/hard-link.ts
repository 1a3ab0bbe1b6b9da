import { lstatSync, type BigIntStats, type Stats } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import type { Held } from './locate.ts';
import { foldHard } from './names.ts';
import type { Pattern } from './pattern.ts';
import type { Guarded } from './sensitive.ts';

/** Names looked at in one of the owner's guarded places. One that holds more cannot be checked: a file with two names counts as found. */
const MAX_OWN = 100_000;
/** In a place of the system, where only an administrator can make a second name: nearest first, and then no more. */
const MAX_SYSTEM = 2000;

type Wanted = Pick<BigIntStats, 'dev' | 'ino'>;

interface Folder {
  readonly path: string;
  /** What is sought below it; used up: everything. */
  readonly pattern: Pattern;
}

const namesIn = async (folder: string): Promise<readonly string[]> => {
  try {
    return await readdir(folder);
  } catch {
    return []; // Gone or unreadable: what cannot be read cannot have been linked from there either.
  }
};

/** What is left of the pattern below an entry of this name; none: the entry is not on its way. */
function remains([first, ...rest]: Pattern, name: string): readonly Pattern[] {
  if (first === undefined) return [[]];
  if (first !== '**') return first.test(foldHard(name)) ? [rest] : [];
  return [[first, ...rest], ...remains(rest, name)];
}

const stepsFrom = async ({ path, pattern }: Folder): Promise<readonly Folder[]> =>
  (await namesIn(path)).flatMap((name) =>
    remains(pattern, name).map((rest) => ({ path: join(path, name), pattern: rest })),
  );

const statOf = (path: string): Stats | undefined => {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
};

function lookAt({ path, pattern }: Folder, wanted: Wanted): 'wanted' | 'deeper' | 'no' {
  const found = statOf(path);
  if (found === undefined) return 'no';
  if (pattern.length === 0) {
    if (BigInt(found.dev) !== wanted.dev) return 'no'; // A hard link cannot leave its disk.
    if (BigInt(found.ino) === wanted.ino) return 'wanted';
  }
  return found.isDirectory() ? 'deeper' : 'no';
}

/** Whether the wanted file is in a place, level by level. Null: too much to look through. */
async function isIn(wanted: Wanted, start: Folder, max: number): Promise<boolean | null> {
  const queue: Folder[] = [start];
  let left = max;
  for (const folder of queue) {
    for (const step of await stepsFrom(folder)) {
      if (left-- === 0) return null;
      const look = lookAt(step, wanted);
      if (look === 'wanted') return true;
      if (look === 'deeper') queue.push(step);
    }
  }
  return false;
}

/**
 * The guarded place that also holds this file, or null: a hard link passes every check of names. Looks the guarded places through
 * anew each time, which is why only files with several names, or changed just now, come here.
 */
export async function linkedFrom(
  held: Pick<Held, 'stat' | 'linked'>,
  places: readonly Guarded[],
  home: string,
): Promise<string | null> {
  const { root } = parse(home);
  for (const { entry, pattern, own } of places) {
    // On Windows a pattern begins with the drive, which the root already is.
    const start = { path: root, pattern: root === '/' ? pattern : pattern.slice(1) };
    const found = await isIn(held.stat, start, own ? MAX_OWN : MAX_SYSTEM);
    if (found ?? (own && held.linked === 'yes')) return entry;
  }
  return null;
}
