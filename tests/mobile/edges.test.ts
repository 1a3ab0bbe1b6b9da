import { beforeEach, expect, test } from 'bun:test';
import { accept } from '../../edge/mailbox/accept.ts';
import type { Down } from '../../edge/protocol/down.ts';
import { MAX_LIFE } from '../../edge/protocol/envelope.ts';
import { newId } from '../../edge/protocol/id.ts';
import { newIdentity, type Identity } from '../../edge/protocol/identity.ts';
import { newPairingCode, pairingId } from '../../edge/protocol/pairing-code.ts';
import { makeOffer } from '../../edge/protocol/pairing.ts';
import { MAX_BODY_BYTES, sealEnvelope } from '../../edge/protocol/seal.ts';
import { flushOutbox } from '../../edge/mailbox/outbox.ts';
import type { Db } from '../../mobile/link/db.ts';
import { heardSchema } from '../../mobile/link/heard.ts';
import { expireUnseen } from '../../mobile/link/expire-unseen.ts';
import { addDraft, inboxStore, outboxStore, peersOf } from '../../mobile/link/mailbox-store.ts';
import { memoryDb } from '../../mobile/link/memory-db.ts';
import { META, writeMeta } from '../../mobile/link/meta.ts';
import { outboxRecordSchema } from '../../mobile/link/records.ts';
import { createBook } from '../../mobile/state/book.ts';
import { pin } from '../../mobile/state/ceremony.ts';
import { addControl, createErrands } from '../../mobile/state/errands.ts';
import { createDesktops } from '../../mobile/state/desktops.ts';
import { createHearing } from '../../mobile/state/hearing.ts';
import { memoryRelay } from '../support/memory-relay.ts';

/* A phone's own data at the moments when something comes too early, too late or not at all. */

let db: Db;
let phone: Identity;
let desktop: Identity;
const seconds = (): number => Math.floor(Date.now() / 1000);

beforeEach(async () => {
  db = memoryDb();
  phone = await newIdentity({ kind: 'phone', name: 'Pixel', extractable: false });
  desktop = await newIdentity({ kind: 'desktop', name: 'Studio-PC', extractable: true });
});

async function hear(body: Down): Promise<string> {
  const iat = seconds();
  const compact = await sealEnvelope({
    identity: desktop,
    recipients: [phone.device],
    header: { k: 'evt', id: newId(), n: 1, iat, exp: iat + 60 },
    json: JSON.stringify(body),
  });
  const { kid, ek } = phone.device;
  const store = inboxStore(db, () => undefined);
  const verdict = await accept(compact, {
    kid,
    keys: () => [{ ek, pair: phone.encryption }],
    schema: heardSchema,
    allows: () => true,
    store,
    now: seconds,
  });
  if (verdict.is === 'accepted') await store.take(verdict.accepted);
  return verdict.is === 'refused' ? verdict.why : verdict.is;
}

const TRUST: Down = { kind: 'trust', name: 'Studio-PC', mayPower: true, version: 1 };

test('a desktop that greets before this phone has seen that it was allowed is heard', async () => {
  expect(await hear(TRUST)).toBe('sender.unknown');
  const code = newPairingCode();
  const offer = await makeOffer(code, desktop.device, seconds());
  const pairing = { code, pid: await pairingId(code), offer, desktop: desktop.device, claim: 'x', digits: '123 456' };
  await writeMeta(db, META.pairing, pairing);
  expect(await hear(TRUST)).toBe('accepted');
  await pin({ db }, desktop.device);
  expect(await db.read(peersOf)).toMatchObject([{ trusted: true, mayPower: true }]);
});

/** A page that looks into an empty inbox, and what it then asks of which desktop. */
async function look(): Promise<readonly string[]> {
  const book = createBook(db);
  await book.load();
  const deps = { db, now: Date.now, name: 'Pixel' } as never;
  const post = (): void => undefined;
  const desktops = createDesktops({
    deps,
    book,
    post,
    changed: post,
    refresh: book.follow,
    relay: () => Promise.reject(new Error('not asked')),
  });
  const hearing = createHearing({ deps, book, refresh: book.follow, headlines: [], sync: (kid) => desktops.sync(kid) });
  const before = (await db.read((tx) => tx.all('outbox'))).length;
  await hearing.drained();
  return (await db.read((tx) => tx.all('outbox'))).slice(before).map((row) => {
    const { draft } = outboxRecordSchema.parse(row);
    return `${String(JSON.parse(draft.json).kind)} to ${draft.to.join(' ')}`;
  });
}

test('a phone that is killed right after it was greeted says what it has when it is opened again, and says it once', async () => {
  await pin({ db }, desktop.device);
  expect(await look()).toEqual([]);
  expect(await hear(TRUST)).toBe('accepted');
  // It saw only now that it was allowed.
  await pin({ db }, desktop.device);
  expect(await look()).toEqual([`sync to ${desktop.device.kid}`]);
  expect(await look()).toEqual([]);
});

test('what was taken is forgotten long after nobody could deliver it again and not before, a refusal the next day', async () => {
  await pin({ db }, desktop.device);
  expect(await hear(TRUST)).toBe('accepted');
  await inboxStore(db, () => undefined).refuse({ id: newId(), why: 'body.unreadable', compact: '' });
  const known = async (): Promise<number> => (await db.read((tx) => tx.all('known'))).length;
  const book = createBook(db);
  const today = Date.now();
  let now = today;
  const deps = { db, now: () => now } as never;
  const nothing = async (): Promise<void> => undefined;
  const { drained } = createHearing({ deps, book, refresh: nothing, headlines: [], sync: nothing });
  const after = async (days: number): Promise<number> => {
    now = today + days * 86_400_000;
    await drained();
    return known();
  };
  expect([await after(0), await after(9), await after(29), await after(31)]).toEqual([2, 1, 1, 0]);
});

test('what a desktop has to obey lives as long as a task', async () => {
  await db.write((tx) => addControl(tx, desktop.device.kid, { kind: 'cancel', t: newId() }));
  await db.write((tx) => addControl(tx, desktop.device.kid, { kind: 'drop', kid: phone.device.kid }));
  const rows = await db.read((tx) => tx.all('outbox'));
  expect(rows).toMatchObject([{ draft: { life: MAX_LIFE } }, { draft: { life: MAX_LIFE } }]);
});

const record = (id: string) => ({
  id,
  desktop: desktop.device.kid,
  thread: id,
  text: 'tidy',
  grants: [],
  files: [],
  at: Date.now(),
  sent: { at: 'here' },
  answers: {},
});

test('a task that no desktop came for in its time has expired, and one that was heard of has not', async () => {
  await pin({ db }, desktop.device);
  const [unseen, seen] = [newId(), newId()];
  for (const id of [unseen, seen]) {
    await db.write(async (tx) => {
      await tx.put('tasks', id, record(id));
      await addDraft(tx, { id, k: 'task', json: '{}', to: [desktop.device.kid], life: MAX_LIFE, reseal: false });
    });
  }
  const sender = { relay: memoryRelay().client(phone.device.kid), identity: () => phone, now: seconds };
  await flushOutbox({ ...sender, store: outboxStore(db, () => undefined) });
  const what: Down = { kind: 'event', t: seen, i: 1, prev: null, at: 1, what: { kind: 'note', text: 'on it' } };
  expect(await hear(what)).toBe('accepted');
  expect(await expireUnseen(db, seconds() + MAX_LIFE)).toEqual([]);
  expect(await expireUnseen(db, seconds() + MAX_LIFE + 3600)).toMatchObject([{ id: unseen }]);
  expect(await expireUnseen(db, seconds() + MAX_LIFE + 3600)).toEqual([]);
  const book = createBook(db);
  await book.load();
  expect(book.task(unseen)?.standing).toEqual({ is: 'ended', fate: 'expired' });
  expect(book.task(seen)?.standing).toEqual({ is: 'received' });
});

test('the largest file that travels in a task leaves room for the longest text', async () => {
  const relay = memoryRelay().client(phone.device.kid);
  const deps = { db, now: Date.now } as never;
  const errands = createErrands({
    deps,
    book: createBook(db),
    relay: async () => relay,
    changed: async () => undefined,
  });
  const file = await errands.pack({ name: 'a.jpg', type: 'image/jpeg', bytes: new Uint8Array(89_000) });
  const body = { text: '漢'.repeat(20_000), files: [file] };
  expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThan(MAX_BODY_BYTES - 5000);
});

test('after a silence as long as an envelope lives every desktop is asked for what was said', async () => {
  await pin({ db }, desktop.device);
  let now = Date.now();
  const synced: string[] = [];
  const book = createBook(db);
  await book.load();
  const { drained } = createHearing({
    deps: { db, now: () => now } as never,
    book,
    refresh: async () => undefined,
    sync: async (kid) => void synced.push(kid),
    headlines: [],
  });
  const drain = async (days: number): Promise<number> => {
    now += days * 86_400_000;
    await drained();
    return synced.length;
  };
  expect([await drain(0), await drain(1), await drain(6), await drain(9), await drain(0)]).toEqual([0, 0, 0, 1, 1]);
  expect(synced).toEqual([desktop.device.kid]);
});
