import * as z from 'zod/mini';
import type { Entry, OpenedFolder } from '../policy/opened.ts';
import { entryLine } from './entry-line.ts';
import { nameOf } from './name-of.ts';
import { openedFolder, safely, told } from './result.ts';
import type { Tool } from './tool.ts';

const inputSchema = z.strictObject({
  folder: z
    .string()
    .check(z.describe('Where to search, with everything below. Absolute, or below the home folder: ~/Documents')),
  words: z.optional(z.string().check(z.describe('Words that all have to be in the name, in any order'))),
  extension: z.optional(z.string().check(z.describe('Ending of the name, for example pdf'))),
  newerThan: z.optional(z.iso.date().check(z.describe('Only what was changed on this day (YYYY-MM-DD, UTC) or later'))),
});
type Input = z.infer<typeof inputSchema>;

const MAX_FOUND = 200;
const MAX_SEEN = 100_000;

/** Case and accents do not count in a search. */
const plain = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

function matcher({ words = '', extension, newerThan }: Input): (entry: Entry) => boolean {
  const wanted = plain(words).split(/\s+/).filter(Boolean);
  const ending = extension === undefined ? '' : `.${plain(extension).replace(/^\*?\./, '')}`;
  const since = newerThan === undefined ? Number.NEGATIVE_INFINITY : Date.parse(newerThan);
  return ({ name, kind, modified }) => {
    if (kind !== 'file' || modified < since) return false;
    const last = plain(nameOf(name));
    return last.endsWith(ending) && wanted.every((word) => last.includes(word));
  };
}

async function search(
  folder: OpenedFolder,
  input: Input,
  signal: AbortSignal,
): Promise<{ found: Entry[]; note: string }> {
  const fits = matcher(input);
  const found: Entry[] = [];
  let seen = 0;
  for await (const entry of folder.walk()) {
    signal.throwIfAborted();
    if (++seen > MAX_SEEN) return { found, note: `; stopped after ${MAX_SEEN} entries, search a smaller folder` };
    if (!fits(entry)) continue;
    if (found.length === MAX_FOUND) return { found, note: '; there are more, narrow the search' };
    found.push(entry);
  }
  return { found, note: '' };
}

export const find: Tool<Input> = {
  name: 'find',
  description:
    'Finds files by words in their name, ending and age, in a folder and everything below. Hidden folders are left out.',
  class: 'pure',
  input: inputSchema,
  title: ({ folder, words, extension }) =>
    `Search ${nameOf(folder)}${words === undefined ? '' : ` for "${words}"`}${extension === undefined ? '' : ` (${extension})`}`,
  intents: ({ folder }) => Promise.resolve([{ sink: 'read', path: folder }]),
  run: (input, opened, { signal }) =>
    safely(opened, signal, async () => {
      const folder = openedFolder(opened);
      const { found, note } = await search(folder, input, signal);
      const head = `${found.length} files found in ${folder.path}${note}. Names are relative to that folder.`;
      return told([head, ...found.map(entryLine)].join('\n'), folder.taint);
    }),
};
