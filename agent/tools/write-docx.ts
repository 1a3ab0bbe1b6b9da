import * as z from 'zod/mini';
import { docxBytes } from './docx-bytes.ts';
import { parseMarkdown } from './markdown.ts';
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
  intents: async ({ path, markdown }) => [
    { sink: 'write', path, content: await docxBytes(await parseMarkdown(markdown)) },
  ],
  run: (_, opened, { signal }) => publishOpened(opened, signal),
};
