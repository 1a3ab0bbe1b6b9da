import { Database } from 'bun:sqlite';
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventHash, eventSchema } from '../../../edge/protocol/event.ts';
import { MAX_CLOCK_AHEAD } from '../../../edge/protocol/envelope.ts';
import { newId } from '../../../edge/protocol/id.ts';
import { audit, auditHolds } from '../../../agent/journal/audit.ts';
import {
  addChange,
  confirmChanges,
  filesTouched,
  filesWritten,
  keepBytes,
  keptBytes,
} from '../../../agent/journal/change.ts';
import { appendEvent } from '../../../agent/journal/event.ts';
import { MIGRATIONS } from '../../../agent/journal/schema.ts';
import { openJournal, type Change, type Journal } from '../../../agent/journal/journal.ts';
import { notBefore, readSettings, writeSettings } from '../../../agent/journal/meta.ts';
import { addStep, endStep, findStep, intendStep } from '../../../agent/journal/step.ts';
import { addTask, endTask, raiseTaint, readTask, setState } from '../../../agent/journal/task.ts';
import { someTask } from '../../support/memory-phone.ts';

let folder: string;
let journal: Journal;
let clock = 1_800_000_000_000;
const now = (): number => clock;
const DESK = { kid: 'd'.repeat(43), name: 'Studio-PC' };
const CLEAN = { untrusted: false, private: false };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'errand-journal-'));
  journal = openJournal({ folder, now });
});
afterEach(() => {
  journal.close();
  rmSync(folder, { recursive: true, force: true });
});

function reopen(): void {
  journal.close();
  journal = openJournal({ folder, now });
}

function task(): string {
  const id = newId();
  addTask(journal, { id, task: someTask('Do it'), from: DESK });
  return id;
}

const eventsOf = (t: string): { json: string; hash: string }[] =>
  journal.db
    .query<{ json: string; hash: string }, [string]>('select json, hash from event where task = ? order by i')
    .all(t);

test('one process owns the journal, and each opening is a new epoch', () => {
  expect(() => openJournal({ folder, now })).toThrow('Another agent');
  const { epoch } = journal;
  reopen();
  expect(journal.epoch).toBe(epoch + 1);
});

test('when it began is fixed at the first opening: older envelopes are refused for ever', () => {
  const began = notBefore(journal);
  expect(began).toBe(1_800_000_000 - MAX_CLOCK_AHEAD);
  clock += 86_400_000;
  reopen();
  expect(notBefore(journal)).toBe(began);
});

test('a process that was replaced while it slept can write nothing any more', () => {
  const t = task();
  const other = new Database(join(folder, 'journal.sqlite'));
  other.run("update meta set value = '99' where key = 'epoch'");
  other.close();
  expect(() => setState(journal, t, { is: 'running' })).toThrow('taken this journal over');
  expect(readTask(journal, t)?.state.is).toBe('queued');
});

test('a journal of a newer version is left alone', () => {
  journal.db.run('pragma user_version = 99');
  journal.close();
  expect(() => openJournal({ folder, now })).toThrow('newer Errand');
  const db = new Database(join(folder, 'journal.sqlite'));
  db.run(`pragma user_version = ${MIGRATIONS.length}`);
  db.close();
  journal = openJournal({ folder, now });
});

test('what a transaction tells is heard after its commit, and not at all when it fails', () => {
  const heard: Change['in'][] = [];
  journal.watch((change) => heard.push(change.in));
  const t = task();
  expect(new Set(heard)).toEqual(new Set(['event', 'tasks']));
  heard.length = 0;
  expect(() =>
    journal.write(() => {
      setState(journal, t, { is: 'running' });
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(heard).toEqual([]);
  expect(readTask(journal, t)?.state.is).toBe('queued');
  expect(eventsOf(t)).toHaveLength(2);
});

test('events are numbered without gaps and carry the hash of the one before, as it will be sealed', async () => {
  const t = task();
  appendEvent(journal, t, { kind: 'note', text: 'Grüße' });
  const rows = eventsOf(t);
  const events = rows.map(({ json }) => eventSchema.parse(JSON.parse(json)));
  expect(events.map(({ i }) => i)).toEqual([1, 2, 3]);
  expect(events[0]?.prev).toBeNull();
  for (const [index, event] of events.slice(1).entries()) {
    expect(event.prev).toBe(await eventHash(rows[index]?.json ?? ''));
  }
});

test('a task has one fate, whatever comes later', () => {
  const t = task();
  expect(endTask(journal, t, { fate: 'cancelled' })).toBe(true);
  expect(endTask(journal, t, { fate: 'done' })).toBe(false);
  expect(setState(journal, t, { is: 'running' })).toBe(false);
  expect(readTask(journal, t)?.state).toEqual({ is: 'ended', fate: 'cancelled' });
});

test('taint bits are never lowered', () => {
  const t = task();
  raiseTaint(journal, t, { untrusted: true, private: false });
  raiseTaint(journal, t, { untrusted: false, private: true });
  raiseTaint(journal, t, CLEAN);
  expect(readTask(journal, t)?.taint).toEqual({ untrusted: true, private: true });
});

test('a step tells from its two transactions how far it came', () => {
  const t = task();
  const step = addStep(journal, { task: t, call: 'c1', tool: 'list', title: 'Look', class: 'pure', input: '{}' });
  const progress = () => findStep(journal, t, 'c1')?.progress;
  expect(progress()).toEqual({ is: 'fresh' });
  intendStep(journal, step, { answered: ['x'], taint: CLEAN });
  expect(progress()).toEqual({ is: 'begun', begun: { answered: ['x'], taint: CLEAN } });
  endStep(journal, step, { is: 'done', text: 'nothing there' });
  expect(progress()).toEqual({ is: 'over', outcome: { is: 'done', text: 'nothing there' } });
  endStep(journal, step, { is: 'failed', text: 'second word' });
  expect(progress()).toMatchObject({ outcome: { is: 'done' } });
});

test('before-images are kept by hash, also over a restart, and changes count once they are confirmed', () => {
  const t = task();
  const before = keepBytes(journal, Buffer.from('old'));
  expect(keepBytes(journal, Buffer.from('old'))).toBe(before);
  addChange(journal, { task: t, n: 1 }, { path: '/a', before, after: 'h1', taint: CLEAN });
  expect(filesWritten(journal, t)).toEqual([]);
  expect(filesTouched(journal, t).get('/a')?.after).toBe('h1');
  confirmChanges(journal, { task: t, n: 1 });
  addChange(journal, { task: t, n: 2 }, { path: '/a', before: 'h1', after: 'h2', taint: CLEAN });
  confirmChanges(journal, { task: t, n: 2 });
  reopen();
  expect(filesWritten(journal, t)).toEqual([{ path: '/a', before: 'h1', after: 'h2', taint: CLEAN }]);
  expect(Buffer.from(keptBytes(journal, before)).toString()).toBe('old');
});

test('the power switches change only from the revision that was seen', () => {
  const { settings, rev } = readSettings(journal);
  expect(writeSettings(journal, { ...settings, lid: false }, rev)).toBe(true);
  expect(writeSettings(journal, { ...settings, idle: false }, rev)).toBe(false);
  expect(readSettings(journal)).toEqual({ settings: { ...settings, lid: false }, rev: rev + 1 });
});

test('a changed or removed entry of the audit is noticed', () => {
  for (const id of ['a', 'b', 'c']) audit(journal, { did: 'refused-envelope', id, why: 'signature.bad' });
  expect(auditHolds(journal)).toBe(true);
  journal.db.run('update audit set what = replace(what, \'"b"\', \'"x"\') where i = 2');
  expect(auditHolds(journal)).toBe(false);
  journal.db.run('delete from audit where i = 2');
  expect(auditHolds(journal)).toBe(false);
});

test('bytes that the disk does not hold whole are not kept', async () => {
  const program = `
    import { openJournal } from '${join(import.meta.dir, '../../../agent/journal/journal.ts')}';
    import { keepBytes } from '${join(import.meta.dir, '../../../agent/journal/change.ts')}';
    process.on('SIGXFSZ', () => undefined);
    const journal = openJournal({ folder: ${JSON.stringify(join(folder, 'small'))}, now: Date.now });
    try { keepBytes(journal, new Uint8Array(5_000_000)); console.log('kept'); } catch { console.log('refused'); }
    process.exit(0);
  `;
  const file = join(folder, 'program.ts');
  writeFileSync(file, program);
  const limited = `ulimit -f 2000; exec "${process.execPath}" "${file}"`;
  const child = Bun.spawn(['bash', '-c', limited], { stdout: 'pipe', stderr: 'ignore' });
  expect((await new Response(child.stdout).text()).trim()).toBe('refused');
});
