import { lstat, readdir } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { kindOf, type Held } from './locate.ts';
import type { Platform } from './names.ts';
import type { Entry, OpenedFolder } from './opened.ts';
import type { Sensitive } from './sensitive.ts';
import type { Taint } from './taint.ts';
import { openBelow, through } from './through.ts';

interface View {
  readonly sensitive: Sensitive;
  readonly platform: Platform;
}

const entryKind = (stat: Stats): Entry['kind'] => (stat.isSymbolicLink() ? 'link' : kindOf(stat));

async function entriesOf(folder: Held, below: string, view: View): Promise<readonly Entry[]> {
  const names = await readdir(through(folder, '', view.platform));
  const entries = await Promise.all(names.toSorted().map((name) => entryOf(folder, name, below, view)));
  return entries.filter((entry) => entry !== null);
}

async function entryOf(folder: Held, name: string, below: string, view: View): Promise<Entry | null> {
  try {
    const stat = await lstat(through(folder, name, view.platform));
    const kind = entryKind(stat);
    if (view.sensitive.guard(join(folder.path, name), kind === 'folder') !== null) return null;
    return { name: join(below, name), kind, size: stat.size, modified: stat.mtimeMs };
  } catch {
    return null; // Gone between the listing and the look.
  }
}

async function* walkFrom(folder: Held, below: string, view: View): AsyncGenerator<Entry> {
  for (const entry of await entriesOf(folder, below, view)) {
    yield entry;
    const name = entry.name.slice(below === '' ? 0 : below.length + 1);
    if (entry.kind !== 'folder' || name.startsWith('.') || name === 'node_modules') continue;
    const inner = await enter(folder, name, view);
    if (inner === null) continue;
    try {
      yield* walkFrom(inner, entry.name, view);
    } finally {
      await inner.handle.close();
    }
  }
}

async function enter(folder: Held, name: string, view: View): Promise<Held | null> {
  try {
    return await openBelow(folder, name, view.platform);
  } catch {
    return null; // Unreadable, gone, or a link by now: a search goes on without it.
  }
}

export const openFolder = (held: Held, taint: Taint, view: View): OpenedFolder => ({
  sink: 'read',
  kind: 'folder',
  path: held.path,
  taint,
  list: () => entriesOf(held, '', view),
  walk: () => walkFrom(held, '', view),
});
