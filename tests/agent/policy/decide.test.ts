import { describe, expect, test } from 'bun:test';
import { decide, TABLE, type Decision, type Facts } from '../../../agent/policy/decide.ts';

const clean = { untrusted: false, private: false };
const untrusted = { untrusted: true, private: false };
const both = { untrusted: true, private: true };
const privateOnly = { untrusted: false, private: true };

const cases: readonly (readonly [string, Facts, readonly [Decision, Decision, Decision], string])[] = [
  [
    'reading a key in a grant',
    { sink: 'read', place: 'granted', sensitive: true },
    ['deny', 'deny', 'deny'],
    'read.sensitive',
  ],
  [
    'reading in the workspace',
    { sink: 'read', place: 'workspace', sensitive: false },
    ['allow', 'allow', 'allow'],
    'read.workspace',
  ],
  [
    'reading in a grant',
    { sink: 'read', place: 'granted', sensitive: false },
    ['allow', 'allow', 'allow'],
    'read.granted',
  ],
  ['reading in a root', { sink: 'read', place: 'roots', sensitive: false }, ['allow', 'allow', 'ask'], 'read.roots'],
  [
    'reading elsewhere',
    { sink: 'read', place: 'elsewhere', sensitive: false },
    ['deny', 'deny', 'deny'],
    'read.elsewhere',
  ],
  [
    'writing a key file',
    { sink: 'write', place: 'granted', sensitive: true },
    ['deny', 'deny', 'deny'],
    'write.sensitive',
  ],
  [
    'writing in the workspace',
    { sink: 'write', place: 'workspace', bait: true, plain: false },
    ['allow', 'allow', 'allow'],
    'write.workspace',
  ],
  [
    'writing bait in a grant',
    { sink: 'write', place: 'granted', bait: true, plain: true },
    ['ask-high', 'ask-high', 'ask-high'],
    'write.bait',
  ],
  [
    'writing an odd type in a grant',
    { sink: 'write', place: 'granted', bait: false, plain: false },
    ['ask', 'ask', 'ask'],
    'write.type',
  ],
  [
    'replacing without the grant to',
    { sink: 'write', place: 'granted', plain: true, change: 'replace-ungranted' },
    ['ask', 'ask', 'ask'],
    'write.replace',
  ],
  [
    'replacing with the grant to',
    { sink: 'write', place: 'granted', plain: true, change: 'replace' },
    ['allow', 'allow', 'allow'],
    'write.granted',
  ],
  [
    'creating in a grant',
    { sink: 'write', place: 'granted', plain: true, change: 'create' },
    ['allow', 'allow', 'allow'],
    'write.granted',
  ],
  [
    'writing in a root',
    { sink: 'write', place: 'roots', plain: true, change: 'create' },
    ['ask', 'ask', 'ask'],
    'write.elsewhere',
  ],
  [
    'writing elsewhere',
    { sink: 'write', place: 'elsewhere', plain: true, change: 'create' },
    ['ask', 'ask', 'ask'],
    'write.elsewhere',
  ],
  ['running an unknown script', { sink: 'script', script: 'unknown' }, ['deny', 'deny', 'deny'], 'script.unknown'],
  [
    'running a changed script',
    { sink: 'script', script: 'changed' },
    ['ask-high', 'ask-high', 'ask-high'],
    'script.changed',
  ],
  ['running a granted script', { sink: 'script', script: 'unchanged' }, ['allow', 'allow', 'allow'], 'script.granted'],
  [
    'running a script without a grant',
    { sink: 'script', script: 'ungranted' },
    ['ask', 'ask-high', 'ask-high'],
    'script.ungranted',
  ],
];

describe('the table', () => {
  test.each(cases)('%s', (_, facts, decisions, row) => {
    const found = [clean, untrusted, both].map((taint) => decide(facts, taint));
    expect(found.map((each) => each.decision)).toEqual([...decisions]);
    expect(found.map((each) => each.row)).toEqual([row, row, row]);
  });

  test('has every row tested, each under a name of its own', () => {
    expect(new Set(cases.map(([, , , row]) => row))).toEqual(new Set(TABLE.map((row) => row.name)));
    expect(new Set(TABLE.map((row) => row.name)).size).toBe(TABLE.length);
  });

  test('denies what no row fits', () => {
    expect(decide({ sink: 'read' }, clean)).toMatchObject({ decision: 'deny', row: 'default' });
    expect(decide({ sink: 'script' }, clean)).toMatchObject({ decision: 'deny', row: 'default' });
  });

  test('takes a task that has read private content only for clean', () => {
    expect(decide({ sink: 'read', place: 'roots', sensitive: false }, privateOnly).decision).toBe('allow');
  });

  test('says why in words for every row', () => {
    for (const row of TABLE) expect(row.why).toMatch(/\.$/);
  });
});
