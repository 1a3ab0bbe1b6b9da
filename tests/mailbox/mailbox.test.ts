import { beforeEach, expect, test } from 'bun:test';
import * as z from 'zod/mini';
import { drainInbox } from '../../edge/mailbox/inbox.ts';
import { flushOutbox, type Sender } from '../../edge/mailbox/outbox.ts';
import { RelayError } from '../../edge/mailbox/relay-client.ts';
import type { Accepted, Draft, InboxStore, OutboxItem, OutboxStore, Refusal } from '../../edge/mailbox/store.ts';
import type { Kicks } from '../../edge/mailbox/pump.ts';
import type { Receiver } from '../../edge/mailbox/accept.ts';
import type { Device } from '../../edge/protocol/device.ts';
import { parseEnvelope } from '../../edge/protocol/envelope.ts';
import { newId } from '../../edge/protocol/id.ts';
import { newIdentity, type Identity } from '../../edge/protocol/identity.ts';
import { sealEnvelope } from '../../edge/protocol/seal.ts';
import { until } from '../support/until.ts';

const NOW = 1_800_000_000;
const bodySchema = z.object({ kind: z.literal('hello'), text: z.string() });
type Body = z.infer<typeof bodySchema>;

let phone: Identity;
let desktop: Identity;
let stranger: Identity;
let inbox: ReturnType<typeof memoryInbox>;

beforeEach(async () => {
  phone = await newIdentity({ kind: 'phone', name: 'Pixel', extractable: false });
  desktop = await newIdentity({ kind: 'desktop', name: 'Studio', extractable: false });
  stranger = await newIdentity({ kind: 'phone', name: 'Stranger', extractable: false });
  inbox = memoryInbox([phone.device]);
});

function memoryInbox(
  peers: Device[],
): InboxStore<Body> & { taken: Accepted<Body>[]; refusals: Refusal[]; known: Set<string> } {
  const known = new Set<string>();
  const taken: Accepted<Body>[] = [];
  const refusals: Refusal[] = [];
  return {
    taken,
    refusals,
    known,
    trusted: async (kid) => peers.find((peer) => peer.kid === kid),
    notBefore: async () => NOW - 1000,
    knows: async (id) => known.has(id),
    take: async (accepted) => {
      known.add(accepted.envelope.header.id);
      taken.push(accepted);
    },
    refuse: async ({ why }) => void refusals.push(why),
  };
}

const receiver = (): Receiver<Body> => ({
  kid: desktop.device.kid,
  keys: () => [{ ek: desktop.device.ek, pair: desktop.encryption }],
  schema: bodySchema,
  allows: (header) => header.k === 'ctl',
  store: inbox,
  now: () => NOW,
});

/** A relay that does not hand out again within one drain what it handed out already. */
function relayOfLeases(envelopes: string[]) {
  const left = envelopes.map((envelope, i) => ({ id: String(i), envelope, leaseNo: 0 }));
  let added = left.length;
  return {
    waiting: () => left.length,
    add: (envelope: string) => left.push({ id: String(added++), envelope, leaseNo: 0 }),
    pull: async ({ max }: { max: number }) => {
      const leased = left.filter(({ leaseNo }) => leaseNo === 0).slice(0, max);
      for (const each of leased) each.leaseNo = 1;
      return { envelopes: leased, due: [], more: left.some(({ leaseNo }) => leaseNo === 0), now: NOW };
    },
    ack: async (acks: readonly { id: string }[]) => {
      for (const { id } of acks) {
        left.splice(
          left.findIndex((each) => each.id === id),
          1,
        );
      }
    },
  };
}

interface Sealing {
  from?: Identity;
  to?: Identity;
  json?: string;
  iat?: number;
  exp?: number;
  k?: 'ctl' | 'task';
  id?: string;
}
const seal = ({
  from = phone,
  to = desktop,
  json = '{"kind":"hello","text":"x"}',
  ...header
}: Sealing = {}): Promise<string> =>
  sealEnvelope({
    identity: from,
    recipients: [to.device],
    json,
    header: { k: 'ctl', id: newId(), n: 0, iat: NOW, exp: NOW + 60, ...header },
  });

/** A relay that hands out what it is given until it is acked. */
function relayWith(envelopes: string[]): {
  acked: string[];
  pull: () => Promise<never>;
  ack: (acks: readonly { id: string }[]) => Promise<void>;
} {
  const acked: string[] = [];
  return {
    acked,
    pull: async () =>
      ({
        envelopes: envelopes
          .map((envelope, i) => ({ id: String(i), envelope, leaseNo: 1 }))
          .filter(({ id }) => !acked.includes(id)),
        due: [],
        more: false,
        now: NOW,
      }) as never,
    ack: async (acks) => void acked.push(...acks.map(({ id }) => id)),
  };
}

test('what a trusted sender sealed is taken once, and acked after it was stored', async () => {
  const compact = await seal();
  const relay = relayWith([compact, compact]);
  const drained = await drainInbox({ relay, receiver: receiver(), epoch: 1 });
  expect(drained).toEqual({ taken: 1, refused: [] });
  expect(inbox.taken.map(({ body }) => body.text)).toEqual(['x']);
  expect(relay.acked).toEqual(['0', '1']);
});

test('nothing is acked when the store failed', async () => {
  const relay = relayWith([await seal()]);
  inbox.take = () => Promise.reject(new Error('disk full'));
  await expect(drainInbox({ relay, receiver: receiver(), epoch: 1 })).rejects.toThrow('disk full');
  expect(relay.acked).toEqual([]);
});

test('what is refused is recorded and not delivered again', async () => {
  const relay = relayWith([await seal({ from: stranger })]);
  const drained = await drainInbox({ relay, receiver: receiver(), epoch: 1 });
  expect(drained.refused).toEqual([{ id: '0', why: 'sender.unknown' }]);
  expect(inbox.refusals).toEqual(['sender.unknown']);
  expect(inbox.taken).toEqual([]);
  expect(relay.acked).toEqual(['0']);
});

test('an envelope from the future waits at the relay: this clock may be the wrong one', async () => {
  const relay = relayWith([await seal({ iat: NOW + 301, exp: NOW + 900 })]);
  const drained = await drainInbox({ relay, receiver: receiver(), epoch: 1 });
  expect(drained.refused).toEqual([{ id: '0', why: 'time.future' }]);
  expect(relay.acked).toEqual([]);
});

test('words from the future do not keep those behind them from being heard', async () => {
  const future = await Promise.all(Array.from({ length: 60 }, () => seal({ iat: NOW + 301, exp: NOW + 900 })));
  const inboxAt = relayOfLeases([...future, await seal()]);
  const drained = await drainInbox({ relay: inboxAt, receiver: receiver(), epoch: 1 });
  expect(drained.taken).toBe(1);
  expect(drained.refused).toHaveLength(60);
  expect(inboxAt.waiting()).toBe(60);
});

test('a relay that gives the same again and again does not hold the device', async () => {
  const relay = relayWith([await seal({ iat: NOW + 301, exp: NOW + 900 }), await seal()]);
  const pull = async (): Promise<never> => ({ ...((await relay.pull()) as object), more: true }) as never;
  const deaf = { pull, ack: async () => undefined };
  expect((await drainInbox({ relay: deaf, receiver: receiver(), epoch: 1 })).taken).toBe(1);
});

/** Kicks by hand. */
function kicksOf(kicks: number): Kicks & { kick: () => void } {
  let open = kicks;
  let wake = (): void => undefined;
  return {
    kick: () => {
      open++;
      wake();
    },
    came: () => (open > 0 ? Promise.resolve() : new Promise((resolve) => (wake = resolve))),
    heed: () => open > 0 && open-- > 0,
  };
}

test('a poke is followed while the ack before it is still on its way, which the drain waits for', async () => {
  const relay = relayOfLeases([await seal()]);
  const late = await seal();
  const kicks = kicksOf(0);
  const lines: (() => void)[] = [];
  const slow = {
    pull: relay.pull,
    ack: async (acks: readonly { id: string }[]) => {
      await new Promise<void>((arrive) => lines.push(arrive));
      await relay.ack(acks);
    },
  };
  let over = false;
  const drain = drainInbox({ relay: slow, receiver: receiver(), epoch: 1, kicks }).finally(() => (over = true));
  await until(() => lines.length === 1, Boolean);
  relay.add(late);
  kicks.kick();
  await until(() => lines.length === 2, Boolean);
  expect(inbox.taken).toHaveLength(2);
  lines[1]?.();
  await until(() => relay.waiting() === 1, Boolean);
  expect(over).toBe(false);
  lines[0]?.();
  expect((await drain).taken).toBe(2);
  expect(relay.waiting()).toBe(0);
});

test('what was pulled is taken although the ack before it failed, and the drain says that it failed', async () => {
  const relay = relayOfLeases(await Promise.all(Array.from({ length: 51 }, () => seal())));
  let lost = 0;
  const lossy = {
    pull: relay.pull,
    ack: async (acks: readonly { id: string }[]) => {
      if (lost++ === 0) throw new RelayError('network.unreachable', 'lost');
      await relay.ack(acks);
    },
  };
  const drain = drainInbox({ relay: lossy, receiver: receiver(), epoch: 1 });
  await expect(drain).rejects.toThrow('lost');
  expect(inbox.taken).toHaveLength(51);
  expect(relay.waiting()).toBe(50);
});

test('a drain comes to its end however often it rings', async () => {
  const relay = relayOfLeases([await seal()]);
  expect((await drainInbox({ relay, receiver: receiver(), epoch: 1, kicks: kicksOf(1000) })).taken).toBe(1);
});

type Row = OutboxItem & { draft: Draft };
function memoryOutbox(drafts: Draft[]): OutboxStore & { rows: Row[]; settled: unknown[] } {
  const rows: Row[] = drafts.map((draft, seq) => ({ seq, draft }));
  const settled: unknown[] = [];
  let counter = 0;
  return {
    rows,
    settled,
    pending: async (max) => rows.slice(0, max),
    peers: async () => [desktop.device],
    nextCounter: async () => counter++,
    keepSealed: async (seq, { compact, exp }) => {
      const index = rows.findIndex((row) => row.seq === seq);
      rows[index] = { ...(rows[index] as Row), sealed: { compact, exp } };
    },
    settle: async (seq, outcome) => {
      settled.push(outcome);
      rows.splice(
        rows.findIndex((row) => row.seq === seq),
        1,
      );
    },
  };
}
const draft = (more: Partial<Draft> = {}): Draft => ({
  id: newId(),
  k: 'ctl',
  json: '{}',
  to: 'all',
  life: 60,
  reseal: false,
  ...more,
});
const sender = (store: OutboxStore, post: (envelope: string) => Promise<unknown>, now = NOW): Sender => ({
  relay: { postEnvelope: post as never },
  store,
  identity: () => phone,
  now: () => now,
});

test('after a lost answer the very same bytes are sent again', async () => {
  const store = memoryOutbox([draft()]);
  const sent: string[] = [];
  const first = await flushOutbox(
    sender(store, async (envelope) => {
      sent.push(envelope);
      throw new RelayError('network.unreachable', 'gone');
    }),
  );
  expect(first.is).toBe('waiting');
  const second = await flushOutbox(sender(store, async (envelope) => sent.push(envelope)));
  expect(second).toEqual({ is: 'empty', sent: 1 });
  expect(sent[1]).toBe(sent[0] ?? '');
  expect(store.settled).toEqual([{ at: 'relay' }]);
});

test('items go in order, and a passing fault holds the ones behind', async () => {
  const drafts = [draft({ json: '"a"' }), draft({ json: '"b"' })];
  const store = memoryOutbox(drafts);
  const sent: string[] = [];
  let busy = true;
  const post = async (envelope: string): Promise<void> => {
    if (busy) throw new RelayError('quota.exceeded', 'wait', { retryAfter: 7 });
    sent.push(parseEnvelope(envelope).header.id);
  };
  expect(await flushOutbox(sender(store, post))).toMatchObject({ is: 'waiting', error: { retryAfter: 7 } });
  busy = false;
  await flushOutbox(sender(store, post));
  expect(sent).toEqual(drafts.map(({ id }) => id));
});

test('what can never go is settled with its reason and does not hold the ones behind', async () => {
  const store = memoryOutbox([
    draft(),
    draft({ to: ['nobody'] }),
    draft({ json: JSON.stringify('x'.repeat(200_000)) }),
    draft(),
  ]);
  let calls = 0;
  await flushOutbox(
    sender(store, async () => {
      if (calls++ === 0) throw new RelayError('envelope.conflict', 'other bytes');
    }),
  );
  expect(store.settled).toEqual([
    { at: 'failed', why: 'envelope.conflict' },
    { at: 'failed', why: 'envelope.recipient' },
    { at: 'failed', why: 'body.too-large' },
    { at: 'relay' },
  ]);
});

test('sealed bytes that expired on the way are sealed again under a new id, but a task keeps its name and fails', async () => {
  const event = draft({ reseal: true });
  const store = memoryOutbox([event, draft({ k: 'task' })]);
  const sent: string[] = [];
  const offline = async (): Promise<never> => {
    throw new RelayError('network.unreachable', 'gone');
  };
  await flushOutbox(sender(store, offline));
  const task = store.rows[1];
  store.rows[1] = { ...(task as Row), sealed: { compact: 'old', exp: NOW + 60 } };
  await flushOutbox(sender(store, async (envelope) => sent.push(envelope), NOW + 61));
  expect(sent).toHaveLength(1);
  expect(parseEnvelope(sent[0] ?? '').header.id).not.toBe(event.id);
  expect(store.settled).toEqual([{ at: 'relay' }, { at: 'failed', why: 'envelope.expired' }]);
});
