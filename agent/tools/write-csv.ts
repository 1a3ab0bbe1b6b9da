import * as z from 'zod/mini';
import { toBytes } from '../../edge/protocol/bytes.ts';
import { formatCsv } from './csv.ts';
import { nameOf } from './name-of.ts';
import { publishOpened } from './publish-opened.ts';
import type { Tool } from './tool.ts';

const cellSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const inputSchema = z.strictObject({
  path: z.string().check(z.describe('Where to write it; ends in .csv')),
  rows: z.array(z.array(cellSchema)).check(z.maxLength(100_000), z.describe('All rows, the header first')),
});

export const writeCsv: Tool<z.infer<typeof inputSchema>> = {
  name: 'write_csv',
  description: 'Writes a table as CSV. Always the whole file.',
  class: 'idem',
  input: inputSchema,
  title: ({ path, rows }) => `Write ${nameOf(path)}, ${rows.length} rows`,
  intents: ({ path, rows }) => Promise.resolve([{ sink: 'write', path, content: toBytes(formatCsv(rows)) }]),
  run: (_, opened, { signal }) => publishOpened(opened, signal),
};
