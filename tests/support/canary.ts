import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Sql } from 'postgres';

/** Every spelling in which a secret text could lie around: raw, hex, UTF-16, and base64 at each of its three offsets. */
export function spellings(canary: string): Buffer[] {
  const raw = Buffer.from(canary);
  const base64 = [0, 1, 2].flatMap((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), raw]);
    // Characters that also encode a neighbour's bits are cut off at both ends.
    const whole = padded.toString('base64').replace(/=+$/, '');
    const start = Math.ceil((offset * 8) / 6);
    const end = Math.floor((padded.length * 8) / 6);
    const text = whole.slice(start, end);
    return [text, text.replaceAll('+', '-').replaceAll('/', '_')];
  });
  const hex = raw.toString('hex');
  const utf16 = Buffer.from(canary, 'utf16le');
  const swapped = Buffer.from(utf16).swap16();
  return [
    raw,
    Buffer.from(hex),
    Buffer.from(hex.toUpperCase()),
    utf16,
    swapped,
    ...base64.map((text) => Buffer.from(text)),
  ];
}

/** Files below `folder` that hold the canary in any spelling. */
export function filesWith(folder: string, canary: string): string[] {
  const forms = spellings(canary);
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .filter((path) => {
      const bytes = readFileSync(path);
      return forms.some((form) => bytes.includes(form));
    });
}

/** Tables of every schema with a row that holds the canary in any spelling. Binary columns are compared as hex. */
export async function tablesWith(sql: Sql, canary: string): Promise<string[]> {
  const forms = spellings(canary);
  const tables = await sql<{ name: string }[]>`
    select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname <> 'information_schema'`;
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await sql.unsafe<{ row: string }[]>(`select t::text as row from ${name} t`);
    const text = Buffer.from(rows.map(({ row }) => row).join('\n'));
    const binary = Buffer.from(hexColumns(text.toString()), 'latin1');
    if (forms.some((form) => text.includes(form) || binary.includes(form))) found.push(name);
  }
  return found;
}

/** The bytes behind every `\x…` in a row's text, so that a spelling inside a bytea column is found too. */
function hexColumns(text: string): string {
  return [...text.matchAll(/\\x([0-9a-f]+)/g)]
    .map((match) => Buffer.from(match[1] ?? '', 'hex').toString('latin1'))
    .join('\n');
}
