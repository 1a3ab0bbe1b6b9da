import { beforeEach, expect, test } from 'bun:test';
import { newId } from '../../edge/protocol/id.ts';
import { newIdentity, type Identity } from '../../edge/protocol/identity.ts';
import { packParcel } from '../../edge/protocol/parcel.ts';
import type { Db } from '../../mobile/link/db.ts';
import { markSent } from '../../mobile/link/mailbox-store.ts';
import { memoryDb } from '../../mobile/link/memory-db.ts';
import { notingDb } from '../../mobile/link/noting-db.ts';
import { createBook, type Book } from '../../mobile/state/book.ts';
import { pin } from '../../mobile/state/ceremony.ts';
import { createDispatch, type Dispatch } from '../../mobile/state/dispatch.ts';
import { createHearing } from '../../mobile/state/hearing.ts';

/* What is done a second time: an errand that was not sent, and a question for what is missing. */

let db: Db;
let book: Book;
let desktop: Identity;
let dispatch: Dispatch;

beforeEach(async () => {
  db = notingDb(memoryDb(), () => undefined);
  desktop = await newIdentity({ kind: 'desktop', name: 'Studio-PC', extractable: true });
  await pin({ db }, desktop.device);
  book = createBook(db);
  await book.load();
  dispatch = createDispatch({ deps: { db, now: Date.now }, book, changed: book.follow });
});

const outbox = async (): Promise<readonly { draft: { json: string } }[]> =>
  (await db.read((tx) => tx.all('outbox'))) as { draft: { json: string } }[];

test('an errand that never left is sent again with its words, grants and files, in the place of the old one', async () => {
  const bytes = new TextEncoder().encode('a note');
  const file = await packParcel({ name: 'note.txt', type: 'text/plain', bytes, putPart: () => Promise.reject() });
  const grants = [{ do: 'read' as const, path: '~/Inbox' }];
  const id = await dispatch.send({ desktop: desktop.device.kid, text: 'tidy', grants, files: [file] });
  await db.write((tx) => markSent(tx, id, { at: 'failed', why: 'envelope.recipient' }));
  await book.follow();
  const next = await dispatch.again(id);
  expect(book.threads().flatMap(({ tasks }) => tasks.map((task) => task.id))).toEqual([next]);
  expect(book.task(next)).toMatchObject({ text: 'tidy', grants, files: ['note.txt'], standing: { is: 'here' } });
  expect(JSON.parse((await outbox()).at(-1)?.draft.json ?? '')).toMatchObject({ text: 'tidy', grants, files: [file] });
  await expect(dispatch.again(id)).rejects.toMatchObject({ code: 'phone.failed' });
});

test('two tabs that send it again at once send it once', async () => {
  const id = await dispatch.send({ desktop: desktop.device.kid, text: 'tidy', grants: [] });
  await db.write((tx) => markSent(tx, id, { at: 'expired' }));
  const other = createBook(db);
  await Promise.all([book.follow(), other.load()]);
  const second = createDispatch({ deps: { db, now: Date.now }, book: other, changed: other.follow });
  const outcomes = await Promise.allSettled([dispatch.again(id), second.again(id)]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  await book.follow();
  expect(book.threads().length).toBe(1);
});

test('what follows an errand that was never fetched does not wait for it', async () => {
  const id = await dispatch.send({ desktop: desktop.device.kid, text: 'first', grants: [] });
  await db.write((tx) => markSent(tx, id, { at: 'expired' }));
  await book.follow();
  await dispatch.send({ desktop: desktop.device.kid, text: 'second', grants: [], thread: id });
  expect(JSON.parse((await outbox()).at(-1)?.draft.json ?? '')).toMatchObject({ thread: null, after: null });
});

test('what follows an errand that its desktop refused at the door does not wait for it', async () => {
  const id = await dispatch.send({ desktop: desktop.device.kid, text: 'first', grants: [] });
  const what = { kind: 'state', state: { is: 'ended', fate: 'refused', why: 'Update Errand on the desktop.' } };
  const json = JSON.stringify({ kind: 'event', t: id, i: 1, prev: null, at: 1, what });
  await db.write((tx) => tx.put('events', `${id}/000000000001`, { json, hash: 'A'.repeat(43) }));
  await book.follow();
  await dispatch.send({ desktop: desktop.device.kid, text: 'second', grants: [], thread: id });
  expect(JSON.parse((await outbox()).at(-1)?.draft.json ?? '')).toMatchObject({ thread: null, after: null });
});

test('a missing event is asked for again, less and less often, for as long as it is missing', async () => {
  const t = newId();
  const event = { kind: 'event', t, i: 2, prev: null, at: 1, what: { kind: 'note', text: 'two' } };
  const id = await dispatch.send({ desktop: desktop.device.kid, text: 'tidy', grants: [] });
  const json = JSON.stringify({ ...event, t: id });
  await db.write((tx) => tx.put('events', `${id}/000000000002`, { json, hash: 'A'.repeat(43) }));
  let now = Date.now();
  let asked = 0;
  const { drained } = createHearing({
    deps: { db, now: () => now } as never,
    book,
    refresh: book.follow,
    sync: async () => void (asked += 1),
    headlines: [],
  });
  const after = async (seconds: number): Promise<number> => {
    now += seconds * 1000;
    await drained();
    return asked;
  };
  expect([await after(0), await after(30), await after(31), await after(60), await after(61)]).toEqual([1, 1, 2, 2, 3]);
});
