import { parseCsv, separatorOf } from './csv.ts';
import { decodeText } from './decode-text.ts';
import { ToolError } from './result.ts';
import { windowOf } from './window.ts';

const ROWS = 500;

const NAMES = new Map([
  [',', 'comma'],
  [';', 'semicolon'],
  ['\t', 'tab'],
  ['|', 'bar'],
]);

const line = (cells: readonly string[]): string => cells.map((cell) => cell.replace(/\s*[\r\n]+\s*/g, ' ')).join(' | ');

/** Some rows of a table in words. Throws {@link ToolError} for what is no table. */
export function csvReading(
  bytes: Uint8Array<ArrayBuffer>,
  { path, from = 1, count = ROWS }: { path: string; from?: number | undefined; count?: number | undefined },
): string {
  const decoded = decodeText(bytes);
  if (decoded === null) throw new ToolError(`${path} is not a text table.`);
  const separator = separatorOf(decoded.text);
  const [header, ...rows] = parseCsv(decoded.text, separator);
  if (header === undefined) return `${path} is empty.`;
  const numbered = rows.map((row, index) => `${index + 1}: ${line(row)}`);
  const { text, span } = windowOf(numbered, { from, count, unit: 'rows' });
  const about = `${NAMES.get(separator)}, ${decoded.encoding}, ${header.length} columns, ${span}`;
  return `${path} (${about}):\nheader: ${line(header)}\n${text}`;
}
