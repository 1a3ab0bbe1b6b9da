import { expect, test } from 'bun:test';
import type { HeardEvent } from '../../mobile/link/heard.ts';
import type { TaskRecord } from '../../mobile/link/records.ts';
import { foldTask, type StoredEvent } from '../../mobile/state/fold.ts';

const T = 'AAAAAAAAAAAAAAAAAAAAAA';
const ASK = 'BBBBBBBBBBBBBBBBBBBBBB';
const record: TaskRecord = {
  id: T,
  desktop: 'D'.repeat(43),
  thread: T,
  text: 'tidy',
  grants: [],
  files: [],
  at: 1,
  sent: { at: 'here' },
  answers: {},
};
/** Events with hashes h1, h2 …, each naming the one before. */
const chained = (...whats: readonly HeardEvent['what'][]): StoredEvent[] =>
  whats.map((what, index) => ({
    hash: `h${index + 1}`,
    event: {
      kind: 'event',
      t: T,
      i: index + 1,
      prev: index === 0 ? null : `h${index}`,
      at: 10 + index,
      what,
    } as HeardEvent,
  }));
const ask = { ask: ASK, why: 'because', actions: ['x'], high: false, exp: 99 };

test('before the desktop speaks a task is where this phone knows it to be', () => {
  expect(foldTask(record, [], undefined).standing).toEqual({ is: 'here' });
  expect(foldTask({ ...record, sent: { at: 'relay' } }, [], undefined).standing).toEqual({ is: 'relay' });
  expect(foldTask({ ...record, sent: { at: 'withdrawn' } }, [], undefined).standing).toEqual({ is: 'withdrawn' });
  const failed = foldTask({ ...record, sent: { at: 'failed', why: 'body.too-large' } }, [], undefined);
  expect(failed.standing).toEqual({ is: 'unsent', why: 'body.too-large' });
});

test('any word of the desktop says that it was fetched, and its own state then counts', () => {
  const events = chained({ kind: 'note', text: 'hm' }, { kind: 'state', state: { is: 'running' } });
  expect(foldTask(record, events.slice(0, 1), undefined).standing).toEqual({ is: 'received' });
  expect(foldTask(record, events, undefined).standing).toEqual({ is: 'running' });
});

test('a step is one line that changes, not one line for each change', () => {
  const step = { kind: 'step', n: 1, tool: 'read', title: 'Read a.pdf' } satisfies Partial<HeardEvent['what']>;
  const task = foldTask(record, chained({ ...step, state: 'started' }, { ...step, state: 'done' }), undefined);
  expect(task.steps.map(({ state }) => state)).toEqual(['done']);
});

test('an ask shows whose answer counted, and before that what was answered here', () => {
  const open = foldTask(record, chained({ kind: 'ask', ask }), undefined);
  expect(open.asks[0]?.answer).toBeUndefined();
  const mine = foldTask({ ...record, answers: { [ASK]: true } }, chained({ kind: 'ask', ask }), undefined);
  expect(mine.asks[0]?.answer).toEqual({ ok: true, by: undefined });
  const theirs = chained({ kind: 'ask', ask }, { kind: 'answered', ask: ASK, ok: false, by: 'Tablet' });
  const settled = foldTask({ ...record, answers: { [ASK]: true } }, theirs, undefined);
  expect(settled.asks[0]?.answer).toEqual({ ok: false, by: 'Tablet' });
});

test('an event that does not follow from the one before is called altered', () => {
  const events = chained({ kind: 'note', text: 'a' }, { kind: 'note', text: 'b' });
  const bent = events.map((stored, index) =>
    index === 1 ? { ...stored, event: { ...stored.event, prev: 'another' } } : stored,
  );
  expect(foldTask(record, events, undefined).chain).toBe('whole');
  expect(foldTask(record, bent, undefined).chain).toBe('altered');
  const noBeginning = events.map((stored, index) =>
    index === 0 ? { ...stored, event: { ...stored.event, prev: 'something' } } : stored,
  );
  expect(foldTask(record, noBeginning, undefined).chain).toBe('altered');
});

test('a missing event is called a gap, and what is asked for is what came before it', () => {
  const [one, , three] = chained({ kind: 'note', text: 'a' }, { kind: 'note', text: 'b' }, { kind: 'note', text: 'c' });
  if (!one || !three) throw new Error('there are three');
  const task = foldTask(record, [one, three], undefined);
  expect(task).toMatchObject({ chain: 'gap', have: 1, notes: ['a', 'c'] });
});

test('what only a newer app can show is counted in the chain and said', () => {
  const task = foldTask(record, chained({ kind: 'newer' }, { kind: 'state', state: { is: 'running' } }), undefined);
  expect(task).toMatchObject({ newer: true, chain: 'whole', standing: { is: 'running' } });
});

test('live words are shown until there is a result', () => {
  const result = { kind: 'result', text: 'ok', files: [], by: 'x', untrusted: false } satisfies HeardEvent['what'];
  expect(foldTask(record, chained({ kind: 'note', text: 'a' }), 'so far').live).toBe('so far');
  expect(foldTask(record, chained(result), 'so far').live).toBeUndefined();
});

test('cancelling is over when the task is', () => {
  const cancelling = { ...record, cancelling: true };
  expect(foldTask(cancelling, chained({ kind: 'state', state: { is: 'running' } }), undefined).cancelling).toBe(true);
  const ended = chained({ kind: 'state', state: { is: 'ended', fate: 'cancelled' } });
  expect(foldTask(cancelling, ended, undefined).cancelling).toBe(false);
});
