import * as z from 'zod/mini';
import { nameOf } from './name-of.ts';
import { materialOf } from './material.ts';
import { openedFile, safely, told } from './result.ts';
import type { Tool } from './tool.ts';

const MAX_BYTES = 100_000_000;

const inputSchema = z.strictObject({
  path: z.string().check(z.describe('Absolute, or below the home folder: ~/Inbox/invoice.pdf')),
  first: z.optional(z.int().check(z.positive(), z.describe('First page to read, counted from 1'))),
  last: z.optional(z.int().check(z.positive(), z.describe('Last page to read'))),
});
type Input = z.infer<typeof inputSchema>;

const pagesAsked = ({ first, last }: Input): string => {
  if (first === undefined && last === undefined) return '';
  return first === last ? `, page ${first}` : `, pages ${first ?? 1}-${last ?? 'end'}`;
};

export const readPdf: Tool<Input> = {
  name: 'read_pdf',
  description: 'Reads the text of a PDF. Each page begins with its number, like [page 3]: cite facts by file and page.',
  class: 'pure',
  input: inputSchema,
  title: (input) => `Read ${nameOf(input.path)}${pagesAsked(input)}`,
  intents: ({ path }) => Promise.resolve([{ sink: 'read', path }]),
  run: ({ first, last }, opened, { signal, apart }) =>
    safely(opened, signal, async () => {
      const file = openedFile(opened, MAX_BYTES);
      const job = { do: 'read-pdf', path: file.path, first, last } as const;
      return told(await apart(job, materialOf(file), signal), file.taint);
    }),
};
