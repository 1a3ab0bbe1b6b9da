import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drainInbox, type Drained } from '../../../edge/mailbox/inbox.ts';
import { flushOutbox } from '../../../edge/mailbox/outbox.ts';
import type { Down } from '../../../edge/protocol/down.ts';
import { parseEnvelope } from '../../../edge/protocol/envelope.ts';
import { openJournal, type Journal } from '../../../agent/journal/journal.ts';
import { readMeta, writeMeta } from '../../../agent/journal/meta.ts';
import { outboxStore } from '../../../agent/journal/outbox.ts';
import { pinPeer, readPeer } from '../../../agent/journal/peer.ts';
import { readTask } from '../../../agent/journal/task.ts';
import { dropPhone } from '../../../agent/link/control.ts';
import { greet } from '../../../agent/link/greet.ts';
import { desktopReceiver } from '../../../agent/link/inbox.ts';
import { openKeyring } from '../../../agent/link/keyring.ts';
import { openKeys, type DeskKeys } from '../../../agent/link/keys.ts';
import { createRotation, type RotationPoint } from '../../../agent/link/rotation.ts';
import { attack } from '../../support/evidence.ts';
import { memoryPhone, someTask, type MemoryPhone } from '../../support/memory-phone.ts';
import { memoryRelay, type MemoryRelay } from '../../support/memory-relay.ts';

const DAY = 86_400_000;

let folder: string;
let journal: Journal;
let keys: DeskKeys;
let relay: MemoryRelay;
let phone: MemoryPhone;
let tablet: MemoryPhone;
let ahead = 0;
const now = (): number => Date.now() + ahead;
const kidOf = ({ identity }: MemoryPhone): string => identity.device.kid;

beforeEach(async () => {
  ahead = 0;
  folder = mkdtempSync(join(tmpdir(), 'errand-drop-'));
  relay = memoryRelay(() => Math.floor(now() / 1000));
  await start();
  phone = await paired('Pixel 8');
  tablet = await paired('Tablet');
  await turn();
});
afterEach(() => {
  journal.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  journal = openJournal({ folder, now });
  const keyring = await openKeyring({ folder, force: 'file', notice: () => undefined });
  keys = await openKeys({ keyring, name: 'Studio-PC', known: readMeta(journal, 'kid') });
  journal.write(() => writeMeta(journal, 'kid', keys.identity.device.kid));
}
async function restart(): Promise<void> {
  journal.close();
  await start();
}
async function paired(name: string): Promise<MemoryPhone> {
  const made = await memoryPhone({ relay, desktop: keys.identity.device, name, now: () => Math.floor(now() / 1000) });
  pinPeer(journal, { device: made.identity.device, mayPower: true, mayHistory: true });
  return made;
}

/** Does what is due for the keys; `until` ends it there, as a kill would. */
async function turn(until?: RotationPoint): Promise<void> {
  const rotation = createRotation({
    journal,
    keys,
    relay: relay.client(keys.identity.device.kid),
    now: () => Math.floor(now() / 1000),
    setTimer: () => () => undefined,
    log: () => undefined,
    failpoint: (name) => {
      if (name === until) throw new Error('killed');
    },
  });
  rotation.kick();
  await rotation.stop();
}

const drain = (): Promise<Drained> =>
  drainInbox({
    relay: relay.client(keys.identity.device.kid),
    receiver: desktopReceiver(journal, keys.identity),
    epoch: journal.epoch,
  });
const flush = () =>
  flushOutbox({
    relay: relay.client(keys.identity.device.kid),
    store: outboxStore(journal),
    identity: () => keys.identity,
    now: () => Math.floor(now() / 1000),
  });
const kinds = (said: readonly Down[]): string[] =>
  said.map((down) => (down.kind === 'event' ? down.what.kind : down.kind));
const trusts = async (by: MemoryPhone): Promise<Extract<Down, { kind: 'trust' }>[]> =>
  (await by.hear()).filter((down) => down.kind === 'trust');

describe('a phone that was dropped', () => {
  test('is told so, and hears nothing else any more; the others hear that its task was cancelled', async () => {
    const t = await tablet.say(someTask('Queued'));
    await drain();
    dropPhone(journal, kidOf(tablet), 'desk');
    await flush();
    expect(kinds(await tablet.hear())).toEqual(['dropped']);
    expect((await phone.happenings(t)).at(-1)).toEqual({ kind: 'state', state: { is: 'ended', fate: 'cancelled' } });
  });

  attack(
    'pairing and devices',
    'hears nothing that was sealed to it and others before the drop, and had not left',
    async () => {
      const t = await phone.say(someTask('For all'));
      await drain();
      relay.setUp(false);
      await flush();
      dropPhone(journal, kidOf(tablet), 'desk');
      relay.setUp(true);
      await flush();
      expect(kinds(await tablet.hear())).toEqual(['dropped']);
      expect(kinds(await phone.hear()).filter((kind) => kind === 'echo')).toHaveLength(1);
      expect(await phone.happenings(t)).toHaveLength(2);
    },
  );

  attack('pairing and devices', 'commands nothing, also with the key that it knows', async () => {
    dropPhone(journal, kidOf(tablet), kidOf(phone));
    const t = await tablet.say(someTask('Still here?'));
    expect((await drain()).refused.map(({ why }) => why)).toEqual(['sender.unknown']);
    expect(readTask(journal, t)).toBeUndefined();
  });

  test('is told again when it still speaks, but not for each word', async () => {
    dropPhone(journal, kidOf(tablet), 'desk');
    await flush();
    await tablet.hear();
    ahead = 2 * 3_600_000;
    for (let i = 0; i < 3; i++) await tablet.say(someTask('Hello?'));
    await drain();
    await flush();
    expect(kinds(await tablet.hear())).toEqual(['dropped', 'dropped']);
  });

  test('and is paired again is not told of the drop after that', async () => {
    dropPhone(journal, kidOf(tablet), 'desk');
    pinPeer(journal, { device: tablet.identity.device, mayPower: false, mayHistory: false });
    greet(journal, keys);
    await flush();
    expect(kinds(await tablet.hear()).at(-1)).toBe('trust');
    expect(kinds(await tablet.hear())).not.toContain('dropped');
  });
});

describe('after a drop the desktop', () => {
  test('has another key, tells the phones that stay, and the relay; what was sealed to the one before still opens', async () => {
    const before = keys.identity.device;
    const late = await phone.seal(someTask('In flight'));
    dropPhone(journal, kidOf(tablet), 'desk');
    await turn();
    await flush();
    expect(keys.identity.device.ek).not.toBe(before.ek);
    expect(keys.identity.device.kid).toBe(before.kid);
    expect((await trusts(phone)).at(-1)?.key).toMatchObject({ ek: keys.identity.device.ek, turn: 1 });
    expect(relay.rotated).toHaveLength(1);
    relay.inject(before.kid, late);
    const t = await phone.say(someTask('With the new key'));
    expect((await drain()).refused).toEqual([]);
    expect(readTask(journal, t)?.text).toBe('With the new key');
    expect(readTask(journal, parseEnvelope(late).header.id)?.text).toBe('In flight');
    expect(readPeer(journal, kidOf(phone))?.ek).toBe(keys.identity.device.ek);
  });

  test('keeps the key before until every phone has used the new one, and eight days more', async () => {
    dropPhone(journal, kidOf(tablet), 'desk');
    await turn();
    ahead = 30 * DAY;
    await turn();
    expect(keys.identity.retired).toHaveLength(1);
    await flush();
    await phone.hear();
    await phone.say({ kind: 'sync', have: {}, version: 2, name: 'Pixel 8' });
    await drain();
    await turn();
    ahead += 8 * DAY - 60_000;
    await turn();
    expect(keys.identity.retired).toHaveLength(1);
    ahead += 120_000;
    await turn();
    expect(keys.identity.retired).toEqual([]);
    await restart();
    expect(keys.identity.retired).toEqual([]);
    expect(keys.turn()).toBe(1);
  });

  attack('pairing and devices', 'opens nothing that was sealed to the key it has destroyed', async () => {
    const old = keys.identity.device;
    dropPhone(journal, kidOf(tablet), 'desk');
    await turn();
    await keys.forget();
    const bytes = await phone.seal(someTask('Recorded'), { to: old });
    relay.inject(old.kid, bytes);
    expect((await drain()).refused.map(({ why }) => why)).toEqual(['body.unreadable']);
  });

  const POINTS: readonly RotationPoint[] = [
    'rotate.before-key',
    'rotate.after-key',
    'rotate.announced',
    'rotate.registered',
  ];
  test.each(POINTS)('and is killed at %s goes on from there: one new key, told to everybody', async (point) => {
    const before = keys.identity.device.ek;
    dropPhone(journal, kidOf(tablet), 'desk');
    await turn(point);
    await restart();
    await turn();
    await flush();
    expect(keys.turn()).toBe(1);
    expect(keys.identity.retired?.map(({ ek }) => ek)).toEqual([before]);
    expect((await trusts(phone)).at(-1)?.key?.ek).toBe(keys.identity.device.ek);
    expect(relay.rotated.length).toBeGreaterThan(0);
    expect(readMeta(journal, 'registered')).toBe(keys.identity.device.ek);
    const t = await phone.say(someTask('Afterwards'));
    expect((await drain()).refused).toEqual([]);
    expect(readTask(journal, t)?.text).toBe('Afterwards');
  });

  test('tells a phone again that goes on with the key before', async () => {
    const old = keys.identity.device;
    dropPhone(journal, kidOf(tablet), 'desk');
    await turn();
    await flush();
    expect(await trusts(phone)).toHaveLength(1);
    ahead = 120_000;
    relay.inject(old.kid, await phone.seal(someTask('Did not hear'), { to: old }));
    expect((await drain()).refused).toEqual([]);
    await turn();
    await flush();
    expect(await trusts(phone)).toHaveLength(2);
  });
});

test('a desktop that is renamed tells its phones, once', async () => {
  keys.rename('Workshop');
  for (let i = 0; i < 3; i++) greet(journal, keys);
  await flush();
  expect((await trusts(phone)).map(({ name }) => name)).toEqual(['Workshop']);
  await restart();
  keys.rename('Workshop');
  await turn();
  await flush();
  expect(await trusts(phone)).toHaveLength(1);
});

test('a phone that has nothing gets a long past in pages, each task whole, the newest first', async () => {
  const tasks: string[] = [];
  for (let i = 0; i < 400; i++) tasks.push(await phone.say(someTask(`Errand ${i} ${'x'.repeat(500)}`)));
  await drain();
  await flush();
  const reader = await paired('Reader');
  await reader.say({ kind: 'sync', have: {}, version: 2, name: 'Reader' });
  await drain();
  await flush();
  const said = await reader.hear();
  const pages = said.filter(({ kind }) => kind === 'past');
  expect(pages.length).toBeGreaterThan(3);
  expect(pages.length).toBeLessThan(20);
  for (const t of tasks) {
    expect((await reader.happenings(t)).map(({ kind }) => kind)).toEqual(['echo', 'state']);
  }
  const half = tasks.toSorted().slice(200);
  const have = Object.fromEntries(half.map((t) => [t, 2]));
  await reader.say({ kind: 'sync', have, version: 2, name: 'Reader', range: { from: half[0] ?? '', upto: null } });
  await drain();
  expect(await flush()).toEqual({ is: 'empty', sent: 0 });
});
