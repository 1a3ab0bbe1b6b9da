import * as z from 'zod/mini';
import { materialOf } from './material.ts';
import { nameOf } from './name-of.ts';
import { openedFile, safely, told } from './result.ts';
import type { Tool } from './tool.ts';

const MAX_BYTES = 50_000_000;

const inputSchema = z.strictObject({
  path: z.string().check(z.describe('Absolute, or below the home folder: ~/Documents/orders.csv')),
  from: z.optional(z.int().check(z.positive(), z.describe('First row to read, counted from 1 below the header'))),
  count: z.optional(z.int().check(z.positive(), z.describe('How many rows'))),
});

export const readCsv: Tool<z.infer<typeof inputSchema>> = {
  name: 'read_csv',
  description: 'Reads a CSV table: its header and rows, whatever separator and encoding it has.',
  class: 'pure',
  input: inputSchema,
  title: ({ path, from }) => `Read ${nameOf(path)}${from === undefined ? '' : `, from row ${from}`}`,
  intents: ({ path }) => Promise.resolve([{ sink: 'read', path }]),
  run: ({ from, count }, opened, { signal, apart }) =>
    safely(opened, signal, async () => {
      const file = openedFile(opened, MAX_BYTES);
      const job = { do: 'read-csv', path: file.path, from, count } as const;
      return told(await apart(job, materialOf(file), signal), file.taint);
    }),
};
