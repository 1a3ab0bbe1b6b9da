import * as z from 'zod/mini';
import { entryLine } from './entry-line.ts';
import { nameOf } from './name-of.ts';
import { openedFolder, safely, told } from './result.ts';
import type { Tool } from './tool.ts';
import { windowOf } from './window.ts';

const inputSchema = z.strictObject({
  folder: z.string().check(z.describe('Absolute, or below the home folder: ~/Inbox')),
  from: z.optional(z.int().check(z.positive(), z.describe('First entry to show, counted from 1'))),
});

const PAGE = 300;

export const list: Tool<z.infer<typeof inputSchema>> = {
  name: 'list',
  description: 'Lists the files and folders in a folder, by name, with size and date.',
  class: 'pure',
  input: inputSchema,
  title: ({ folder }) => `Look into ${nameOf(folder)}`,
  intents: ({ folder }) => Promise.resolve([{ sink: 'read', path: folder }]),
  run: ({ from = 1 }, opened, { signal }) =>
    safely(opened, signal, async () => {
      const folder = openedFolder(opened);
      const entries = await folder.list();
      if (entries.length === 0) return told(`${folder.path} is empty.`, folder.taint);
      const { text, span } = windowOf(entries.map(entryLine), { from, count: PAGE, unit: 'entries' });
      return told(`${folder.path} (${span}):\n${text}`, folder.taint);
    }),
};
