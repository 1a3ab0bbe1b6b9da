import type { Brief } from '../model.ts';
import { deliver } from './deliver.ts';
import { gather } from './gather.ts';
import type { Plan } from './plan.ts';
import { endingOf, lastName, targetOf } from './wish.ts';

/** Rows of a table in a document or an answer; a CSV file gets all. */
const MAX_SHOWN = 200;
const IN_ANSWER = 15;

interface Table {
  readonly name: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const cells = (line: string): string[] => line.split(' | ');

/** The table in an answer of `read_csv`. */
function tableIn(name: string, text: string): Table {
  const lines = text.split('\n');
  const header = cells(lines.find((line) => line.startsWith('header: '))?.slice('header: '.length) ?? '');
  const rows = lines.flatMap((line) => {
    const row = /^\d+: (.*)$/.exec(line)?.[1];
    return row === undefined ? [] : [cells(row)];
  });
  return { name, header, rows };
}

const nextRow = (text: string): number | undefined => {
  const from = /; ask for more with from=(\d+)\):/.exec(text.split('\n', 1)[0] ?? '')?.[1];
  return from === undefined ? undefined : Number(from);
};

function* readTable(path: string): Plan<Table | string> {
  let whole: Table | undefined;
  let from: number | undefined;
  do {
    const heard = yield { tool: 'read_csv', input: { path, ...(from !== undefined && { from }) } };
    if (!heard.ok) return heard.text;
    const part = tableIn(lastName(path), heard.text);
    whole = whole ? { ...whole, rows: [...whole.rows, ...part.rows] } : part;
    from = nextRow(heard.text);
  } while (from !== undefined);
  return whole;
}

/** Tables with the same header become one, with the file each row came from. */
function merge(tables: readonly Table[]): readonly Table[] {
  const [first, ...others] = tables;
  if (!first || others.length === 0) return tables;
  if (others.some(({ header }) => header.join('|') !== first.header.join('|'))) return tables;
  const rows = tables.flatMap(({ name, rows: own }) => own.map((row) => [...row, name]));
  return [{ name: `${tables.length} files`, header: [...first.header, 'file'], rows }];
}

const cell = (text: string): string => text.replace(/\|/g, '\\|');
const row = (texts: readonly string[]): string => `| ${texts.map(cell).join(' | ')} |`;

function markdownOf({ name, header, rows }: Table, max: number): string {
  const more = rows.length > max ? [`\n… and ${rows.length - max} more rows.`] : [];
  const lines = [row(header), row(header.map(() => '---')), ...rows.slice(0, max).map(row), ...more];
  return `## ${name}\n\n${lines.join('\n')}`;
}

function* write(path: string | undefined, tables: readonly Table[]): Plan {
  if (path === undefined || endingOf(path) !== 'csv') {
    return yield* deliver(path, `# Table\n\n${tables.map((table) => markdownOf(table, MAX_SHOWN)).join('\n\n')}`);
  }
  const [table] = tables;
  if (!table || tables.length > 1)
    return { ok: false, text: 'The files have different columns, so they were not put into one CSV file.' };
  const heard = yield { tool: 'write_csv', input: { path, rows: [table.header, ...table.rows] } };
  return heard.ok
    ? { ok: true, text: `It is in ${path}.` }
    : { ok: false, text: `It could not be written to ${path}: ${heard.text}` };
}

/** One table from CSV files. */
export function* tabulate(brief: Brief): Plan {
  const { files, problems } = yield* gather(brief, ['csv']);
  const read: Table[] = [];
  const unread: string[] = [...problems];
  for (const path of files.filter((file) => file !== targetOf(brief))) {
    const table = yield* readTable(path);
    if (typeof table === 'string') unread.push(table);
    else read.push(table);
  }
  if (read.length === 0) {
    return { ok: false, text: ['I found no CSV files to make a table from.', ...unread].join('\n') };
  }
  const tables = merge(read);
  const delivered = yield* write(targetOf(brief), tables);
  const count = tables.reduce((sum, { rows }) => sum + rows.length, 0);
  const head =
    `A table of ${count} rows from ${read.length} CSV ${read.length === 1 ? 'file' : 'files'}. ${delivered.text}`.trim();
  const text = [head, ...unread, ...tables.map((table) => markdownOf(table, IN_ANSWER))].join('\n\n');
  return { ok: delivered.ok, text };
}
