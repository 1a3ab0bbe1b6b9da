import * as z from 'zod/mini';
import { toBytes } from '../../edge/protocol/bytes.ts';
import { nameOf } from './name-of.ts';
import { publishOpened } from './publish-opened.ts';
import type { Tool } from './tool.ts';

const inputSchema = z.strictObject({
  path: z.string().check(z.describe('Where to write it; ends in .md, .txt, .csv or .json')),
  text: z.string().check(z.maxLength(5_000_000), z.describe('The whole content of the file')),
});

export const writeText: Tool<z.infer<typeof inputSchema>> = {
  name: 'write_text',
  description:
    'Writes a text file (md, txt, csv, json) as UTF-8. Always the whole file. For tables of data use write_csv.',
  class: 'idem',
  input: inputSchema,
  title: ({ path }) => `Write ${nameOf(path)}`,
  intents: ({ path, text }) => Promise.resolve([{ sink: 'write', path, content: toBytes(text) }]),
  run: (_, opened, { signal }) => publishOpened(opened, signal),
};
