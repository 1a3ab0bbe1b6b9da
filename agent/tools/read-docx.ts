import * as z from 'zod/mini';
import { materialOf } from './material.ts';
import { nameOf } from './name-of.ts';
import { openedFile, safely, told } from './result.ts';
import type { Tool } from './tool.ts';

const MAX_BYTES = 50_000_000;

const inputSchema = z.strictObject({
  path: z.string().check(z.describe('Absolute, or below the home folder: ~/Documents/offer.docx')),
  from: z.optional(z.int().check(z.positive(), z.describe('First line to read, counted from 1'))),
});

export const readDocx: Tool<z.infer<typeof inputSchema>> = {
  name: 'read_docx',
  description: 'Reads a Word document (docx) as Markdown: headings, paragraphs, lists and tables.',
  class: 'pure',
  input: inputSchema,
  title: ({ path, from }) => `Read ${nameOf(path)}${from === undefined ? '' : `, from line ${from}`}`,
  intents: ({ path }) => Promise.resolve([{ sink: 'read', path }]),
  run: ({ from }, opened, { signal, apart }) =>
    safely(opened, signal, async () => {
      const file = openedFile(opened, MAX_BYTES);
      return told(await apart({ do: 'read-docx', path: file.path, from }, materialOf(file), signal), file.taint);
    }),
};
