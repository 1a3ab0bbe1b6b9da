import { expect, test } from 'bun:test';
import type { Evidence } from './support/evidence.ts';
import { parseEvidence, untrueIn, withEvidence } from './support/evidence-table.ts';

const README = 'before\n<!-- evidence: written by `bun run test --evidence` -->\nold\n<!-- /evidence -->\nafter\n';
const SHOWN: readonly Evidence[] = [
  { is: 'attacks', on: 'replay', tried: 1, succeeded: 0 },
  { is: 'attacks', on: 'replay', tried: 1_999, succeeded: 0 },
  { is: 'mutants', of: 'replay', made: 3, killed: 3 },
  { is: 'faults', run: 'kills', tasks: 200, injected: 14, lost: 0, repeated: 0 },
];

test('the figures of a run are added up into the README’s tables, and are true there', () => {
  const readme = withEvidence(README, SHOWN);
  expect(readme).toContain('| replay | 1,900 | 0 |');
  expect(readme).toContain('| kills | 200 | 14 | 0 | 0 |');
  expect(readme).toStartWith('before\n');
  expect(readme).toEndWith('\nafter\n');
  expect(readme).not.toContain('old');
  expect(withEvidence(readme, SHOWN)).toBe(readme);
  expect(untrueIn(readme, SHOWN)).toEqual([]);
});

test.each([
  ['an attack that succeeded', { is: 'attacks', on: 'replay', tried: 1, succeeded: 1 }],
  ['a lost task', { is: 'faults', run: 'kills', tasks: 0, injected: 0, lost: 1, repeated: 0 }],
  ['a row that the README lacks', { is: 'mutants', of: 'checks', made: 1, killed: 1 }],
] satisfies [string, Evidence][])('%s makes the README untrue', (_, more) => {
  expect(untrueIn(withEvidence(README, SHOWN), [...SHOWN, more])).not.toEqual([]);
});

test('fewer attacks than the README says, and a row that no test made, are untrue', () => {
  expect(untrueIn(withEvidence(README, SHOWN), SHOWN.slice(1))).toEqual([]);
  expect(untrueIn(withEvidence(README, SHOWN), [...SHOWN.slice(0, 1), ...SHOWN.slice(2)])).toEqual([
    'replay, tried: 1 in this run, 1900 in the README',
  ]);
  expect(untrueIn(withEvidence(README, SHOWN), SHOWN.slice(0, 3))).toEqual([
    'faults: kills: in the README, and not in this run',
  ]);
});

test('a README without the place for them is said', () => {
  expect(() => withEvidence('nothing', SHOWN)).toThrow('no place');
});

test('what tests wrote line by line is read back', () => {
  expect(parseEvidence(`${SHOWN.map((one) => JSON.stringify(one)).join('\n')}\n`)).toEqual([...SHOWN]);
});
