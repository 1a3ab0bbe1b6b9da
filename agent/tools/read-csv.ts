import * as z from 'zod/mini';
import { parseCsv, separatorOf } from './csv.ts';
import { decodeText } from './decode-text.ts';
import { nameOf } from './name-of.ts';
import { openedFile, safely, told, ToolError } from './result.ts';
import type { Tool } from './tool.ts';
import { windowOf } from './window.ts';

const MAX_BYTES = 50_000_000;
const ROWS = 500;

const inputSchema = z.strictObject({
  path: z.string().check(z.describe('Absolute, or below the home folder: ~/Documents/orders.csv')),
  from: z.optional(z.int().check(z.positive(), z.describe('First row to read, counted from 1 below the header'))),
  count: z.optional(z.int().check(z.positive(), z.describe('How many rows'))),
});

const NAMES = new Map([
  [',', 'comma'],
  [';', 'semicolon'],
  ['\t', 'tab'],
  ['|', 'bar'],
]);

const line = (cells: readonly string[]): string => cells.map((cell) => cell.replace(/\s*[\r\n]+\s*/g, ' ')).join(' | ');

export const readCsv: Tool<z.infer<typeof inputSchema>> = {
  name: 'read_csv',
  description: 'Reads a CSV table: its header and rows, whatever separator and encoding it has.',
  class: 'pure',
  input: inputSchema,
  title: ({ path, from }) => `Read ${nameOf(path)}${from === undefined ? '' : `, from row ${from}`}`,
  intents: ({ path }) => Promise.resolve([{ sink: 'read', path }]),
  run: ({ from = 1, count = ROWS }, opened, { signal }) =>
    safely(opened, signal, async () => {
      const file = openedFile(opened, MAX_BYTES);
      const decoded = decodeText(await file.read());
      if (decoded === null) throw new ToolError(`${file.path} is not a text table.`);
      const separator = separatorOf(decoded.text);
      const [header, ...rows] = parseCsv(decoded.text, separator);
      if (header === undefined) return told(`${file.path} is empty.`, file.taint);
      const numbered = rows.map((row, index) => `${index + 1}: ${line(row)}`);
      const { text, span } = windowOf(numbered, { from, count, unit: 'rows' });
      const about = `${NAMES.get(separator)}, ${decoded.encoding}, ${header.length} columns, ${span}`;
      return told(`${file.path} (${about}):\nheader: ${line(header)}\n${text}`, file.taint);
    }),
};
