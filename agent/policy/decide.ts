import type { Taint } from './taint.ts';

/** Where a path lies. `granted`: in a grant signed with the task; `roots`: in the owner's roots and in no grant. */
export type Place = 'workspace' | 'granted' | 'roots' | 'elsewhere';

/** What was found out about an intent, from the disk and the rules, before it is decided. */
export interface Facts {
  readonly sink: 'read' | 'write' | 'script';
  readonly sensitive?: boolean;
  readonly place?: Place;
  readonly bait?: boolean;
  readonly plain?: boolean;
  /** `replace`: the file exists and the grant says replace; `replace-ungranted`: it exists and no grant does. */
  readonly change?: 'create' | 'replace' | 'replace-ungranted';
  readonly script?: 'unknown' | 'ungranted' | 'changed' | 'unchanged';
}

export type Decision = 'allow' | 'ask' | 'ask-high' | 'deny';

export interface Row {
  readonly name: string;
  readonly when: Facts;
  /** For a task that is clean (or has read private content only), untrusted, untrusted and private. */
  readonly decisions: readonly [clean: Decision, untrusted: Decision, both: Decision];
  readonly why: string;
}

const always = (decision: Decision): Row['decisions'] => [decision, decision, decision];

/** The first row that fits decides; none fitting denies. */
export const TABLE: readonly Row[] = [
  {
    name: 'read.sensitive',
    when: { sink: 'read', sensitive: true },
    decisions: always('deny'),
    why: 'It is on the list of places that are never read (keys, passwords, mail and chat stores, this agent’s own files). Nothing sent from a phone lifts that.',
  },
  {
    name: 'read.workspace',
    when: { sink: 'read', place: 'workspace' },
    decisions: always('allow'),
    why: 'It is in the task’s own workspace.',
  },
  {
    name: 'read.granted',
    when: { sink: 'read', place: 'granted' },
    decisions: always('allow'),
    why: 'The task was granted it.',
  },
  {
    name: 'read.roots',
    when: { sink: 'read', place: 'roots' },
    decisions: ['allow', 'allow', 'ask'],
    why: 'The task was not granted this and has already read private files and content from others.',
  },
  {
    name: 'read.elsewhere',
    when: { sink: 'read', place: 'elsewhere' },
    decisions: always('deny'),
    why: 'It is outside the folders this desktop may read. Grant it with the task, or add the folder in `errand setup` at the desktop.',
  },
  {
    name: 'write.sensitive',
    when: { sink: 'write', sensitive: true },
    decisions: always('deny'),
    why: 'It is on the list of places that are never written (keys, passwords, mail and chat stores, this agent’s own files). Nothing sent from a phone lifts that.',
  },
  {
    name: 'write.workspace',
    when: { sink: 'write', place: 'workspace' },
    decisions: always('allow'),
    why: 'It is in the task’s own workspace.',
  },
  {
    name: 'write.bait',
    when: { sink: 'write', bait: true },
    decisions: always('ask-high'),
    why: 'Other programs run or obey a file of this name or in this place.',
  },
  {
    name: 'write.type',
    when: { sink: 'write', place: 'granted', plain: false },
    decisions: always('ask'),
    why: 'Files of this type are not written without a question.',
  },
  {
    name: 'write.replace',
    when: { sink: 'write', place: 'granted', change: 'replace-ungranted' },
    decisions: always('ask'),
    why: 'The file exists, and the task was not granted to replace it.',
  },
  {
    name: 'write.granted',
    when: { sink: 'write', place: 'granted' },
    decisions: always('allow'),
    why: 'The task was granted it.',
  },
  {
    name: 'write.elsewhere',
    when: { sink: 'write' },
    decisions: always('ask'),
    why: 'The task was not granted to write here.',
  },
  {
    name: 'script.unknown',
    when: { sink: 'script', script: 'unknown' },
    decisions: always('deny'),
    why: 'No script of this name is registered. Register it with `errand script add` at the desktop.',
  },
  {
    name: 'script.changed',
    when: { sink: 'script', script: 'changed' },
    decisions: always('ask-high'),
    why: 'The script’s file has changed since it was registered. If you changed it, register it again with `errand script add`.',
  },
  {
    name: 'script.granted',
    when: { sink: 'script', script: 'unchanged' },
    decisions: always('allow'),
    why: 'The task was granted it.',
  },
  {
    name: 'script.ungranted',
    when: { sink: 'script', script: 'ungranted' },
    decisions: ['ask', 'ask-high', 'ask-high'],
    why: 'The task was not granted to run this script.',
  },
];

const DEFAULT: Row = { name: 'default', when: { sink: 'read' }, decisions: always('deny'), why: 'No rule allows it.' };

const fits = (row: Row, facts: Facts): boolean => {
  const known = new Map<string, unknown>(Object.entries(facts));
  return Object.entries(row.when).every(([key, value]) => known.get(key) === value);
};

/** Pure: the same facts and taint always give the same decision. */
export function decide(facts: Facts, taint: Taint): { decision: Decision; row: string; why: string } {
  const row = TABLE.find((each) => fits(each, facts)) ?? DEFAULT;
  const [clean, untrusted, both] = row.decisions;
  const tainted = taint.private ? both : untrusted;
  return { decision: taint.untrusted ? tainted : clean, row: row.name, why: row.why };
}
