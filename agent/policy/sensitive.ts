import * as z from 'zod/mini';
import { foldHard, partsOf, type Platform } from './names.ts';
import { covers, namePattern, pathPattern, type Pattern } from './pattern.ts';
import sensitiveJson from './data/sensitive.json' with { type: 'json' };

const listSchema = z.object({
  version: z.int(),
  home: z.array(z.string()),
  files: z.array(z.string()),
  linux: z.array(z.string()),
  darwin: z.array(z.string()),
  win32: z.array(z.string()),
});
export const sensitiveList = listSchema.parse(sensitiveJson);

/** A place that is never read and never written. `entry` is the line of the list, for people. */
export interface Guarded {
  readonly entry: string;
  readonly pattern: Pattern;
  /** Of the owner or the agent, not of the system. */
  readonly own: boolean;
}

export interface Sensitive {
  readonly places: readonly Guarded[];
  /** The entry that guards this path, or null. `folder` is false for files and for what does not exist yet. */
  readonly guard: (path: string, folder: boolean) => string | null;
}

const systemEntries = (platform: Platform): readonly string[] => {
  if (platform === 'darwin') return sensitiveList.darwin;
  return platform === 'win32' ? sensitiveList.win32 : sensitiveList.linux;
};

/** `own` are the agent's own folders; `extra` are the owner's additions: paths, or bare names of files. */
export function sensitiveOf(options: {
  home: string;
  platform: Platform;
  own: readonly string[];
  extra: readonly string[];
}): Sensitive {
  const { home, platform, own, extra } = options;
  const fold = (path: string): readonly string[] => partsOf(path, platform).map(foldHard);
  const isPath = (entry: string): boolean => /[/\\]/.test(entry);
  const place = (entry: string): Guarded => ({
    entry,
    own: entry.startsWith('~') || extra.includes(entry),
    pattern: pathPattern(entry.replace(/^~/, () => home).replaceAll('\\', '/')),
  });
  const entries = [...sensitiveList.home, ...systemEntries(platform), ...extra.filter(isPath)];
  const ownPlaces = own.map((path) => ({ entry: path, own: true, pattern: fold(path).map(literalName) }));
  const homeParts = fold(home);
  // A home inside a guarded folder (root's own, on Linux) is the owner's all the same.
  const places = [...entries.map(place).filter(({ pattern }) => !covers(pattern, homeParts)), ...ownPlaces];
  const files = [...sensitiveList.files, ...extra.filter((entry) => !isPath(entry))].map((entry) => ({
    entry,
    name: namePattern(entry),
  }));
  return {
    places,
    guard: (path, folder) => {
      const parts = fold(path);
      const held = places.find(({ pattern }) => covers(pattern, parts));
      if (held !== undefined) return held.entry;
      const name = parts.at(-1) ?? '';
      return folder ? null : (files.find((file) => file.name.test(name))?.entry ?? null);
    },
  };
}

const literalName = (name: string): RegExp => new RegExp(`^${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`, 'u');
