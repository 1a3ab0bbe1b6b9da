import * as z from 'zod/mini';
import { decodeText } from './decode-text.ts';
import { bytesOf } from './material.ts';
import { nameOf } from './name-of.ts';
import { openedFile, safely, told, ToolError } from './result.ts';
import type { Tool } from './tool.ts';
import { windowOf } from './window.ts';

const MAX_BYTES = 20_000_000;
const LINES = 2000;

const inputSchema = z.strictObject({
  path: z.string().check(z.describe('Absolute, or below the home folder: ~/Documents/notes.md')),
  from: z.optional(z.int().check(z.positive(), z.describe('First line to read, counted from 1'))),
  count: z.optional(z.int().check(z.positive(), z.describe('How many lines'))),
});

export const readText: Tool<z.infer<typeof inputSchema>> = {
  name: 'read_text',
  description: 'Reads a text file (md, txt, json, source code and the like), whole or some lines of it.',
  class: 'pure',
  input: inputSchema,
  title: ({ path, from }) => `Read ${nameOf(path)}${from === undefined ? '' : `, from line ${from}`}`,
  intents: ({ path }) => Promise.resolve([{ sink: 'read', path }]),
  run: ({ from = 1, count = LINES }, opened, { signal }) =>
    safely(opened, signal, async () => {
      const file = openedFile(opened, MAX_BYTES);
      const decoded = decodeText(await bytesOf(file));
      if (decoded === null) {
        throw new ToolError(`${file.path} is not text. For PDF use read_pdf, for Word read_docx.`);
      }
      if (decoded.text === '') return told(`${file.path} is empty.`, file.taint);
      const lines = decoded.text.replace(/\r?\n$/, '').split(/\r?\n/);
      const { text, span } = windowOf(lines, { from, count, unit: 'lines' });
      return told(`${file.path} (${decoded.encoding}, ${span}):\n${text}`, file.taint);
    }),
};
