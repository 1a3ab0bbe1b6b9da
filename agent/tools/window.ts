/** As much as one answer to the model holds. */
const MAX_CHARACTERS = 60_000;

export interface Window {
  readonly text: string;
  /** "lines 1-200 of 900; ask for more with from=201". */
  readonly span: string;
}

/** Cuts lines to what was asked for and to what fits, and says so. `from` counts from 1; `unit` is a plural. */
export function windowOf(
  lines: readonly string[],
  { from, count, unit }: { from: number; count: number; unit: string },
): Window {
  const shown: string[] = [];
  let left = MAX_CHARACTERS;
  for (const line of lines.slice(from - 1, from - 1 + count)) {
    if (line.length > left && shown.length > 0) break;
    shown.push(line.length > left ? `${line.slice(0, left)} [goes on; too long to show]` : line);
    left -= line.length + 1;
  }
  if (shown.length === 0) return { text: '', span: `nothing from ${from} on; there are ${lines.length} ${unit}` };
  const last = from - 1 + shown.length;
  const more = last < lines.length ? `; ask for more with from=${last + 1}` : '';
  return { text: shown.join('\n'), span: `${unit} ${from}-${last} of ${lines.length}${more}` };
}
