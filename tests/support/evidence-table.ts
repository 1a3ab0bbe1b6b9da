import type { Evidence } from './evidence.ts';

/** Figures by name, for one row. */
type Row = { readonly name: string; readonly figures: readonly number[] };
type Table = { readonly is: Evidence['is']; readonly head: readonly string[]; rows: Row[] };

const START = '<!-- evidence: written by `bun run test --evidence` -->';
const END = '<!-- /evidence -->';

function rowOf(evidence: Evidence): Row {
  switch (evidence.is) {
    case 'attacks':
      return { name: evidence.on, figures: [evidence.tried, evidence.succeeded] };
    case 'mutants':
      return { name: evidence.of, figures: [evidence.made, evidence.killed] };
    case 'faults':
      return { name: evidence.run, figures: [evidence.tasks, evidence.injected, evidence.lost, evidence.repeated] };
  }
}

function tablesOf(all: readonly Evidence[]): Table[] {
  const tables: Table[] = [
    { is: 'attacks', head: ['attacks on', 'tried', 'succeeded'], rows: [] },
    { is: 'mutants', head: ['the code without one of its checks', 'mutants', 'noticed'], rows: [] },
    { is: 'faults', head: ['faults', 'tasks', 'injected', 'tasks lost', 'steps repeated'], rows: [] },
  ];
  for (const table of tables) {
    const sums = new Map<string, readonly number[]>();
    for (const evidence of all.filter(({ is }) => is === table.is)) {
      const { name, figures } = rowOf(evidence);
      const before = sums.get(name);
      sums.set(name, before === undefined ? figures : figures.map((figure, column) => figure + (before[column] ?? 0)));
    }
    table.rows = [...sums].map(([name, figures]) => ({ name, figures })).sort((a, b) => a.name.localeCompare(b.name));
  }
  return tables.filter(({ rows }) => rows.length > 0);
}

const grouped = (figure: number): string => figure.toLocaleString('en-GB');

/** What chance brings differs by a little from run to run: thousands of it are named by what there are at least. */
const CHANCE: Record<Evidence['is'], readonly number[]> = { attacks: [0], mutants: [], faults: [0, 1] };

function atLeast(figure: number): number {
  if (figure < 1000) return figure;
  const unit = 10 ** (String(figure).length - 2);
  return Math.floor((figure * 0.98) / unit) * unit;
}

const cellOf = (is: Evidence['is'], figure: number, column: number): string =>
  grouped(CHANCE[is].includes(column) ? atLeast(figure) : figure);

function markdownOf(tables: readonly Table[]): string {
  return tables
    .map(({ is, head, rows }) =>
      [
        `| ${head.join(' | ')} |`,
        `| --- |${' ---: |'.repeat(head.length - 1)}`,
        ...rows.map(
          ({ name, figures }) =>
            `| ${name} | ${figures.map((figure, column) => cellOf(is, figure, column)).join(' | ')} |`,
        ),
      ].join('\n'),
    )
    .join('\n\n');
}

export function parseEvidence(lines: string): Evidence[] {
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Evidence => JSON.parse(line));
}

/** The README with the tables of this run in the place of the old ones. */
export function withEvidence(readme: string, all: readonly Evidence[]): string {
  const [from, to] = [readme.indexOf(START), readme.indexOf(END)];
  if (from === -1 || to === -1) throw new Error(`The README has no place for the table: ${START} … ${END}`);
  return `${readme.slice(0, from)}${START}\n\n${markdownOf(tablesOf(all))}\n\n${readme.slice(to)}`;
}

/** The figures whose meaning is "none of these", by table: they must be as the README has them, the rest at least so many. */
const EXACT = { attacks: [1], mutants: [], faults: [2, 3] } satisfies Record<Evidence['is'], readonly number[]>;

/** A class of attacks and one of mutants may have the same name. */
const keyOf = (table = '', row = ''): string => `${table}: ${row}`;

/** The figures in the README, by table and row. */
function claimsOf(readme: string): Map<string, readonly number[]> {
  const claims = new Map<string, readonly number[]>();
  let table: string | undefined;
  for (const line of readme.slice(readme.indexOf(START), readme.indexOf(END)).split('\n')) {
    const [, name, ...cells] = line.split('|').map((cell) => cell.trim());
    const figures = cells.slice(0, -1).map((cell) => Number(cell.replaceAll(',', '')));
    if (name === undefined) table = undefined;
    else if (table === undefined) table = name;
    else if (figures.every(Number.isFinite)) claims.set(keyOf(table, name), figures);
  }
  return claims;
}

/** Where this run shows less than the README says; empty when the README is true. */
export function untrueIn(readme: string, all: readonly Evidence[]): string[] {
  const claimed = claimsOf(readme);
  const untrue: string[] = [];
  for (const { is, head, rows } of tablesOf(all)) {
    for (const { name, figures } of rows) {
      const key = keyOf(head[0], name);
      const said = claimed.get(key);
      claimed.delete(key);
      figures.forEach((figure, column) => {
        const claim = said?.[column];
        const holds = EXACT[is].some((exact) => exact === column) ? figure === claim : figure >= (claim ?? Infinity);
        if (!holds)
          untrue.push(`${name}, ${head[column + 1]}: ${figure} in this run, ${claim ?? 'nothing'} in the README`);
      });
    }
  }
  return [...untrue, ...[...claimed.keys()].map((name) => `${name}: in the README, and not in this run`)];
}
