import { beforeAll, beforeEach, expect } from 'bun:test';
import { accept, type Receiver } from '../../edge/mailbox/accept.ts';
import { newId } from '../../edge/protocol/id.ts';
import { newIdentity, type Identity } from '../../edge/protocol/identity.ts';
import { sealEnvelope } from '../../edge/protocol/seal.ts';
import type { Db } from '../../mobile/link/db.ts';
import type { Headline } from '../../edge/protocol/down.ts';
import { speaksFor } from '../../mobile/link/keep.ts';
import { createBook } from '../../mobile/state/book.ts';
import { createHearing } from '../../mobile/state/hearing.ts';
import { heardSchema, type Heard } from '../../mobile/link/heard.ts';
import { inboxStore } from '../../mobile/link/mailbox-store.ts';
import { memoryDb } from '../../mobile/link/memory-db.ts';
import { attack } from '../support/evidence.ts';

const NOW = 1_800_000_000;
let phone: Identity;
let desktop: Identity;
let db: Db;

beforeAll(async () => {
  phone = await newIdentity({ kind: 'phone', name: 'Pixel', extractable: false });
  desktop = await newIdentity({ kind: 'desktop', name: 'Studio', extractable: true });
});
beforeEach(async () => {
  db = memoryDb();
  const peer = { device: desktop.device, trusted: true, mayPower: true };
  await db.write((tx) => tx.put('peers', desktop.device.kid, peer));
});

const receiver = (): Receiver<Heard> => ({
  kid: phone.device.kid,
  keys: () => [{ ek: phone.device.ek, pair: phone.encryption }],
  schema: heardSchema,
  allows: ({ k }) => k === 'evt',
  store: inboxStore(db, () => undefined),
  now: () => NOW,
});

async function hear(compact: string, relayId: string): Promise<string> {
  const verdict = await accept(compact, receiver());
  if (verdict.is === 'accepted') await receiver().store.take(verdict.accepted);
  if (verdict.is === 'refused') await receiver().store.refuse({ id: relayId, why: verdict.why, compact });
  return verdict.is;
}

attack('sender and signature', 'what one desktop says about a task of another is not shown', async () => {
  const t = newId();
  const task = {
    id: t,
    desktop: 'O'.repeat(43),
    thread: t,
    text: 'x',
    grants: [],
    files: [],
    at: 1,
    sent: { at: 'relay' },
    answers: {},
  };
  await db.write((tx) => tx.put('tasks', t, task));
  const book = createBook(db);
  await book.load();
  const headlines: Headline[] = [];
  const lively: string[] = [];
  const { heard } = createHearing({
    deps: { db, now: () => NOW * 1000 } as never,
    book: { ...book, live: (_, text) => void lively.push(text) },
    refresh: async () => undefined,
    sync: async () => undefined,
    headlines,
  });
  const say = (body: Heard): void => heard({ body, from: desktop.device } as never);
  say({ kind: 'headline', t, what: 'done', title: 'All done', text: 'really' });
  say({ kind: 'live', t, text: 'really' });
  expect([headlines, lively]).toEqual([[], []]);
  expect(await speaksFor(db, desktop.device.kid, t)).toBe(false);
  say({ kind: 'headline', t: newId(), what: 'done', title: 'All done', text: 'really' });
  expect(headlines).toHaveLength(1);
});

const words = (id: string): Promise<string> =>
  sealEnvelope({
    identity: desktop,
    recipients: [phone.device],
    header: { k: 'evt', id, n: 1, iat: NOW, exp: NOW + 60 },
    json: JSON.stringify({ kind: 'live', t: newId(), text: 'x' }),
  });

attack(
  'replay and time',
  'a phone hears the true words although the relay gave it others under their id before',
  async () => {
    const id = newId();
    expect(await hear('garbage', id)).toBe('refused');
    expect(await hear(await words(id), id)).toBe('accepted');
  },
);

attack(
  'replay and time',
  'a phone takes nothing twice although the relay gave it other words under that id between',
  async () => {
    const id = newId();
    const compact = await words(id);
    expect(await hear(compact, id)).toBe('accepted');
    expect(await hear('garbage', id)).toBe('refused');
    expect(await hear(compact, id)).toBe('duplicate');
  },
);
