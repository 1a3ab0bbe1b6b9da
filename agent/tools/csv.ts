export type Cell = string | number | boolean | null;

const SEPARATORS = [',', ';', '\t', '|'];

/** The separator that splits the first lines into the most columns, counted outside quotes. */
export function separatorOf(text: string): string {
  const head = text.slice(0, 20_000).replace(/"[^"]*"/g, '');
  const lines = head.split(/\r?\n/).filter(Boolean).slice(0, 20);
  const score = (separator: string): number => Math.min(...lines.map((line) => line.split(separator).length));
  const [best = ','] = SEPARATORS.toSorted((one, other) => score(other) - score(one));
  return best;
}

/** What stands in quotes after `from`, and where it ends. No regular expression: one gives up inside a cell of megabytes. */
function quotedPart(text: string, from: number): { part: string; end: number } {
  let close = text.indexOf('"', from);
  while (close !== -1 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
  const end = close === -1 ? text.length : close;
  return { part: text.slice(from, end).replaceAll('""', '"'), end: Math.min(end + 1, text.length) };
}

/** Rows of a CSV text as RFC 4180 has them. A quote that is never closed ends with the text. */
export function parseCsv(text: string, separator: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  const stops = new RegExp(`[${separator}\\r\\n]`, 'g');
  for (let at = 0; at < text.length;) {
    const { part, end } = text[at] === '"' ? quotedPart(text, at + 1) : { part: '', end: at };
    stops.lastIndex = end;
    const stop = stops.exec(text)?.index ?? text.length;
    row.push(part + text.slice(end, stop));
    if (text[stop] === separator) {
      at = stop + 1;
      if (at === text.length) row.push('');
      continue;
    }
    at = stop + (text.startsWith('\r\n', stop) ? 2 : 1);
    rows.push(row);
    row = [];
  }
  if (row.length > 0) rows.push(row);
  return rows;
}

/** Excel runs a cell that begins like this; a leading apostrophe makes it text. Numbers and telephone numbers stay as they are. */
const FORMULA = /^[=@\t\r]|^[+-](?![\d\s.,()/-]*$)/;

function cellText(cell: Cell): string {
  if (cell === null) return '';
  const text = typeof cell === 'string' && FORMULA.test(cell) ? `'${cell}` : String(cell);
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** RFC 4180. Begins with a byte order mark where there is more than ASCII, because Excel reads Latin-1 without one. */
export function formatCsv(rows: readonly (readonly Cell[])[]): string {
  const text = rows.map((row) => `${row.map(cellText).join(',')}\r\n`).join('');
  return /\P{ASCII}/u.test(text) ? `\ufeff${text}` : text;
}
