import { Readable } from 'node:stream';
import * as z from 'zod/mini';
import { toBytes } from '../../edge/protocol/bytes.ts';
import { nameOf } from './name-of.ts';
import type { Tool } from './tool.ts';
import { publishOpened } from './publish-opened.ts';

const inputSchema = z.strictObject({
  path: z.string().check(z.describe('Where to write it; ends in .docx')),
  markdown: z
    .string()
    .check(
      z.maxLength(1_000_000),
      z.describe('The whole text: # headings, paragraphs, - and 1. lists, **bold**, *italic*, | tables |'),
    ),
});

export const writeDocx: Tool<z.infer<typeof inputSchema>> = {
  name: 'write_docx',
  description: 'Writes a Word document (docx) from Markdown. Always the whole document.',
  class: 'idem',
  input: inputSchema,
  title: ({ path }) => `Write ${nameOf(path)}`,
  intents: async ({ path, markdown }, { apart, signal }) => {
    const bytes = toBytes(markdown);
    const made = await apart({ do: 'make-docx', path }, { size: bytes.length, chunks: Readable.from([bytes]) }, signal);
    return [{ sink: 'write', path, content: Uint8Array.fromBase64(made) }];
  },
  run: (_, opened, { signal }) => publishOpened(opened, signal),
};
