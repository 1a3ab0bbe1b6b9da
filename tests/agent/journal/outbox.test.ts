import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flushOutbox, type Sender } from '../../../edge/mailbox/outbox.ts';
import { RelayError } from '../../../edge/mailbox/relay-client.ts';
import { downSchema } from '../../../edge/protocol/down.ts';
import { parseEnvelope } from '../../../edge/protocol/envelope.ts';
import { newId } from '../../../edge/protocol/id.ts';
import { newIdentity, type Identity } from '../../../edge/protocol/identity.ts';
import { appendEvent, draftHeadline, draftLive } from '../../../agent/journal/event.ts';
import { openJournal, type Journal } from '../../../agent/journal/journal.ts';
import { isDrafted, outboxStore } from '../../../agent/journal/outbox.ts';
import { pinPeer } from '../../../agent/journal/peer.ts';
import { addTask, endTask, setState } from '../../../agent/journal/task.ts';
import { memoryPhone, someTask, type MemoryPhone } from '../../support/memory-phone.ts';
import { memoryRelay, type MemoryRelay } from '../../support/memory-relay.ts';

let folder: string;
let journal: Journal;
let relay: MemoryRelay;
let desktop: Identity;
let phone: MemoryPhone;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'errand-outbox-'));
  journal = openJournal({ folder, now: Date.now });
  relay = memoryRelay();
  desktop = await newIdentity({ kind: 'desktop', name: 'Studio-PC', extractable: true });
  phone = await memoryPhone({ relay, desktop: desktop.device });
  pinPeer(journal, { device: phone.identity.device, mayPower: true, mayHistory: true });
});
afterEach(() => {
  journal.close();
  rmSync(folder, { recursive: true, force: true });
});

const sender = (over: Partial<Sender['relay']> = {}): Sender => ({
  relay: { ...relay.client(desktop.device.kid), ...over },
  store: outboxStore(journal),
  identity: () => desktop,
  now: () => Math.floor(Date.now() / 1000),
});

function task(text = 'Do it'): string {
  const id = newId();
  addTask(journal, { id, task: someTask(text), from: { kid: desktop.device.kid, name: 'Studio-PC' } });
  return id;
}

test('events reach the phone in the order they happened, through a broken network and a restart', async () => {
  const t = task();
  relay.setUp(false);
  expect(await flushOutbox(sender())).toMatchObject({ is: 'waiting', sent: 0 });
  setState(journal, t, { is: 'running' });
  journal.close();
  journal = openJournal({ folder, now: Date.now });
  relay.setUp(true);
  expect(await flushOutbox(sender())).toEqual({ is: 'empty', sent: 2 });
  expect(await statesOf(t)).toEqual(['echo', 'queued', 'running']);
});

const statesOf = async (t: string): Promise<string[]> =>
  (await phone.happenings(t)).map((what) => (what.kind === 'state' ? what.state.is : what.kind));

test('what a task says in one breath goes in one envelope', async () => {
  const t = task();
  setState(journal, t, { is: 'running' });
  expect(await flushOutbox(sender())).toEqual({ is: 'empty', sent: 1 });
  expect(await statesOf(t)).toEqual(['echo', 'queued', 'running']);
});

test('an event that comes while the ones before it are being sealed or sent is not lost', async () => {
  const t = task();
  const store = outboxStore(journal);
  let left = 3;
  const tell = (): void => {
    if (left-- > 0) appendEvent(journal, t, { kind: 'note', text: String(left) });
  };
  const busy: Sender = {
    ...sender({
      postEnvelope: async (envelope) => {
        tell();
        return relay.client(desktop.device.kid).postEnvelope(envelope);
      },
    }),
    store: {
      ...store,
      keepSealed: async (seq, sealed) => {
        tell();
        await store.keepSealed(seq, sealed);
      },
    },
  };
  await flushOutbox(busy);
  expect(await statesOf(t)).toEqual(['echo', 'queued', 'note', 'note', 'note']);
});

test('events join only as far as one envelope holds them, and not over what was said in between', async () => {
  const t = task();
  for (let i = 0; i < 10; i++) appendEvent(journal, t, { kind: 'note', text: 'x'.repeat(12_000) });
  draftHeadline(journal, { t, what: 'ask', title: 'A question', text: 'Now?' });
  appendEvent(journal, t, { kind: 'note', text: 'after it' });
  await flushOutbox(sender());
  expect(await statesOf(t)).toHaveLength(13);
  const said = (await phone.hear()).map(({ kind }) => kind).filter((kind) => kind !== 'event');
  expect(said).toEqual(['past', 'past', 'past', 'headline']);
});

test('what waits in one envelope with others is not drafted again for a phone that misses it', () => {
  const t = task();
  setState(journal, t, { is: 'running' });
  const kid = phone.identity.device.kid;
  for (const i of [1, 2, 3]) expect(isDrafted(journal, { t, i }, kid)).toBe(true);
  expect(isDrafted(journal, { t, i: 4 }, kid)).toBe(false);
});

test('what may have arrived is sent again with the very same bytes', async () => {
  task();
  task();
  const lost = sender({
    postEnvelope: async (envelope) => {
      await relay.client(desktop.device.kid).postEnvelope(envelope);
      relay.setUp(false);
      return relay.client(desktop.device.kid).postEnvelope(envelope);
    },
  });
  await flushOutbox(lost);
  const [first] = relay.posted;
  relay.setUp(true);
  await flushOutbox(sender());
  expect(relay.posted[0]).toBe(first ?? '');
  expect(new Set(relay.posted.map((each) => parseEnvelope(each).header.id)).size).toBe(relay.posted.length);
  expect(relay.posted).toHaveLength(2);
});

test('of a growing answer only the newest waits to be sent', async () => {
  const t = task();
  for (const text of ['It', 'It ope', 'It opens']) draftLive(journal, t, text);
  await flushOutbox(sender());
  expect((await phone.hear()).filter(({ kind }) => kind === 'live')).toEqual([{ kind: 'live', t, text: 'It opens' }]);
});

test('a headline fits into one push message, whatever script it is written in', async () => {
  const t = task();
  draftHeadline(journal, { t, what: 'done', title: `“${'漢'.repeat(300)}”`, text: '🚲\n'.repeat(300) });
  await flushOutbox(sender());
  const headline = (await phone.hear()).find(({ kind }) => kind === 'headline');
  expect(downSchema.safeParse(headline).success).toBe(true);
  expect(Buffer.byteLength(JSON.stringify(headline))).toBeLessThanOrEqual(1020);
  const { u, c } = parseEnvelope(relay.posted.at(-1) ?? '').header;
  expect([u, c]).toEqual([true, undefined]);
});

test('without a phone nothing waits, and what was meant for a phone that is gone goes to nobody', async () => {
  const t = task();
  journal.db.run('delete from peer');
  setState(journal, t, { is: 'running' });
  expect(await flushOutbox(sender())).toEqual({ is: 'empty', sent: 1 });
  expect(relay.posted).toEqual([]);
});

test('a phone that is paired later is not told what was said before', async () => {
  task();
  const guest = await memoryPhone({ relay, desktop: desktop.device, name: 'Guest' });
  pinPeer(journal, { device: guest.identity.device, mayPower: false, mayHistory: false });
  await flushOutbox(sender());
  expect(await guest.hear()).toEqual([]);
});

test('an event for two phones reaches the one that the relay still knows', async () => {
  const gone = await memoryPhone({ relay, desktop: desktop.device, name: 'Gone' });
  pinPeer(journal, { device: gone.identity.device, mayPower: false, mayHistory: false });
  const t = task();
  const strict = sender({
    postEnvelope: async (envelope) => {
      const named = parseEnvelope(envelope).header.to.map(({ kid }) => kid);
      if (named.includes(gone.identity.device.kid)) throw new RelayError('envelope.recipient', 'not a live device');
      return relay.client(desktop.device.kid).postEnvelope(envelope);
    },
  });
  expect(await flushOutbox(strict)).toMatchObject({ is: 'empty' });
  expect(await phone.happenings(t)).toHaveLength(2);
  expect(await gone.hear()).toEqual([]);
});

test('what was sealed while the clock ran ahead holds nothing up once the clock is right', async () => {
  const t = task();
  const ahead = { ...sender({ postEnvelope: skewed }), now: () => Math.floor(Date.now() / 1000) + 86_400 };
  expect(await flushOutbox(ahead)).toMatchObject({ is: 'waiting' });
  expect(await flushOutbox(sender())).toMatchObject({ is: 'empty', sent: 1 });
  expect(await phone.happenings(t)).toHaveLength(2);
  const headers = relay.posted.map((envelope) => parseEnvelope(envelope).header);
  expect(headers.every(({ iat }) => iat <= Date.now() / 1000 + 5)).toBe(true);
});
const skewed = (): Promise<never> => Promise.reject(new RelayError('clock.skew', 'the clock is ahead'));

test('an event that the relay finds expired waits for the clock to be set right', async () => {
  const t = task();
  const late = sender({ postEnvelope: () => Promise.reject(new RelayError('envelope.expired', 'expired')) });
  expect(await flushOutbox(late)).toMatchObject({ is: 'waiting' });
  await flushOutbox(sender());
  expect(await phone.happenings(t)).toHaveLength(2);
});

test('while the relay does not know this desktop, events wait', async () => {
  const t = task();
  const unknown = sender({ postEnvelope: () => Promise.reject(new RelayError('device.unknown', 'pair it again')) });
  expect(await flushOutbox(unknown)).toMatchObject({ is: 'waiting' });
  await flushOutbox(sender());
  expect(await phone.happenings(t)).toHaveLength(2);
});

test('a phone without leave to read older threads hears nothing of them, not even how they end', async () => {
  const old = task('Old');
  await flushOutbox(sender());
  const guest = await memoryPhone({ relay, desktop: desktop.device, name: 'Guest' });
  journal.db.query('update task set created = created - 1000').run();
  pinPeer(journal, { device: guest.identity.device, mayPower: false, mayHistory: false });
  endTask(journal, old, { fate: 'done', headline: { title: 'Done', text: 'secret' } });
  draftLive(journal, old, 'secret');
  const young = task('Young');
  await flushOutbox(sender());
  expect((await guest.hear()).map((down) => (down.kind === 'event' ? down.t : down.kind))).toEqual([
    young,
    young,
    'past',
  ]);
  expect((await phone.happenings(old)).at(-1)).toMatchObject({ state: { is: 'ended' } });
});
