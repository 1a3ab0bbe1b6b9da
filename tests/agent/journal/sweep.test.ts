import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { knowsEnvelope, noteRefused, noteTaken } from '../../../agent/journal/inbox.ts';
import { openJournal, type Journal } from '../../../agent/journal/journal.ts';
import { addTask, cancelTask, readTask } from '../../../agent/journal/task.ts';
import { newId } from '../../../edge/protocol/id.ts';
import { someTask } from '../../support/memory-phone.ts';

const DAY = 24 * 3600 * 1000;
const FROM = { kid: 'p'.repeat(43), name: 'Pixel 8' };

let folder: string;
let time: number;
let journal: Journal;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'errand-sweep-'));
  time = Date.UTC(2026, 0, 1);
  journal = openJournal({ folder, now: () => time });
});
afterEach(() => {
  journal.close();
  rmSync(folder, { recursive: true, force: true });
});

function startAgain(later: number): void {
  journal.close();
  time += later;
  journal = openJournal({ folder, now: () => time });
}
const count = (what: string): number =>
  journal.db.query<{ count: number }, []>(`select count(*) as count from ${what}`).get()?.count ?? 0;

test('what was taken once is known for ever, and its text for a month', () => {
  noteTaken(journal, { id: 'taken', sender: FROM.kid, compact: 'a.b.c' });
  startAgain(29 * DAY);
  expect(count("inbox where envelope = 'a.b.c'")).toBe(1);
  startAgain(2 * DAY);
  expect(count("inbox where envelope <> ''")).toBe(0);
  expect(knowsEnvelope(journal, 'taken')).toBe(true);
});

test('of refusals the newest thousand stay, without their text', () => {
  journal.write(() => {
    for (let index = 0; index < 1010; index++) noteRefused(journal, { id: `refused-${index}`, why: 'sender.unknown' });
  });
  startAgain(0);
  expect(count("inbox where verdict <> 'taken'")).toBe(1000);
  expect(count("inbox where id = 'refused-9'")).toBe(0);
  expect(count("inbox where envelope <> ''")).toBe(0);
});

test('a cancel waits for its task as long as that can arrive', () => {
  const [early, late] = [newId(), newId()];
  cancelTask(journal, early, FROM.kid);
  startAgain(8 * DAY);
  addTask(journal, { id: early, task: someTask('cancelled before'), from: FROM });
  expect(readTask(journal, early)?.state).toEqual({ is: 'ended', fate: 'cancelled' });
  cancelTask(journal, late, FROM.kid);
  startAgain(10 * DAY);
  expect(count('cancelled')).toBe(0);
});

test('words that could not be sent do not pile up', () => {
  journal.write(() => {
    const add = journal.db.query(
      `insert into out (id, k, json, recipients, u, life, reseal, state, why)
       values ($id, 'evt', '{}', 'nobody', 0, 60, 0, 'failed', 'envelope.recipient')`,
    );
    for (let index = 0; index < 1010; index++) add.run({ id: newId() });
  });
  startAgain(0);
  expect(count('out')).toBe(1000);
});
