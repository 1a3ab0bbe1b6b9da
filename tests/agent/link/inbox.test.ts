import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accept } from '../../../edge/mailbox/accept.ts';
import { drainInbox, type Drained } from '../../../edge/mailbox/inbox.ts';
import { flushOutbox } from '../../../edge/mailbox/outbox.ts';
import { freezeAction } from '../../../edge/protocol/ask.ts';
import { newId } from '../../../edge/protocol/id.ts';
import { newIdentity, type Identity } from '../../../edge/protocol/identity.ts';
import { sealEnvelope } from '../../../edge/protocol/seal.ts';
import { DEFAULT_SETTINGS } from '../../../edge/protocol/settings.ts';
import type { Answer, Up } from '../../../edge/protocol/up.ts';
import { addAsk, readAsk } from '../../../agent/journal/ask.ts';
import { openJournal, type Journal } from '../../../agent/journal/journal.ts';
import { readSettings } from '../../../agent/journal/meta.ts';
import { outboxStore } from '../../../agent/journal/outbox.ts';
import { lastPhoneWord, pinPeer, readPeer, removePeer } from '../../../agent/journal/peer.ts';
import { addTask, endTask, listUnended, readTask } from '../../../agent/journal/task.ts';
import { desktopReceiver } from '../../../agent/link/inbox.ts';
import { isReady } from '../../../agent/runner/run.ts';
import { attack } from '../../support/evidence.ts';
import { signedBy } from '../../support/forge.ts';
import { memoryPhone, someTask, type MemoryPhone } from '../../support/memory-phone.ts';
import { memoryRelay, type MemoryRelay } from '../../support/memory-relay.ts';

let folder: string;
let journal: Journal;
let relay: MemoryRelay;
let desktop: Identity;
let phone: MemoryPhone;
let ahead = 0;
const now = (): number => Date.now() + ahead;

beforeEach(async () => {
  ahead = 0;
  folder = mkdtempSync(join(tmpdir(), 'errand-inbox-'));
  journal = openJournal({ folder, now });
  relay = memoryRelay();
  desktop = await newIdentity({ kind: 'desktop', name: 'Studio-PC', extractable: true });
  phone = await paired('Pixel 8');
});
afterEach(() => {
  journal.close();
  rmSync(folder, { recursive: true, force: true });
});

async function paired(name: string, may: { mayPower?: boolean; mayHistory?: boolean } = {}): Promise<MemoryPhone> {
  const made = await memoryPhone({ relay, desktop: desktop.device, name });
  pinPeer(journal, { device: made.identity.device, mayPower: true, mayHistory: true, ...may });
  return made;
}

const drain = (): Promise<Drained> =>
  drainInbox({
    relay: relay.client(desktop.device.kid),
    receiver: desktopReceiver(journal, desktop),
    epoch: journal.epoch,
  });

const flush = () =>
  flushOutbox({
    relay: relay.client(desktop.device.kid),
    store: outboxStore(journal),
    identity: () => desktop,
    now: () => Math.floor(now() / 1000),
  });

attack('replay and time', 'a task is accepted once, for ever, however often the relay delivers it', async () => {
  const id = newId();
  const bytes = await phone.seal(someTask('Once'), { id });
  for (let i = 0; i < 3; i++) relay.inject(desktop.device.kid, bytes);
  await drain();
  journal.close();
  journal = openJournal({ folder, now });
  relay.inject(desktop.device.kid, bytes);
  expect(await drain()).toEqual({ taken: 0, refused: [] });
  expect(listUnended(journal).map((task) => task.id)).toEqual([id]);
  expect(readTask(journal, id)?.sender).toBe(phone.identity.device.kid);
  expect(lastPhoneWord(journal)).not.toBeNull();
});

test('a task survives the loss of its ack', async () => {
  const id = await phone.say(someTask('Lost ack'));
  const client = relay.client(desktop.device.kid);
  const deaf = { ...client, ack: () => Promise.reject(new Error('the connection broke')) };
  const receiver = desktopReceiver(journal, desktop);
  await expect(drainInbox({ relay: deaf, receiver, epoch: 1 })).rejects.toThrow('broke');
  await drain();
  expect(listUnended(journal).map((task) => task.id)).toEqual([id]);
  expect(relay.waiting(desktop.device.kid)).toBe(0);
});

attack(
  'sender and signature',
  'nobody but a paired phone commands, and nothing from before a wiped journal',
  async () => {
    const stranger = await memoryPhone({ relay, desktop: desktop.device, name: 'Stranger' });
    await stranger.say(someTask('Let me in'));
    await phone.say(someTask('Old words'), {
      iat: Math.floor(now() / 1000) - 3600,
      exp: Math.floor(now() / 1000) + 60,
    });
    const { refused } = await drain();
    expect(refused.map(({ why }) => why)).toEqual(['sender.unknown', 'time.before-journal']);
    expect(listUnended(journal)).toEqual([]);
  },
);

attack('replay and time', 'an id that a refused envelope wore does not keep the true one out', async () => {
  const id = newId();
  const stranger = await memoryPhone({ relay, desktop: desktop.device, name: 'Stranger' });
  relay.inject(desktop.device.kid, await stranger.seal(someTask('Squat'), { id }));
  await drain();
  relay.inject(desktop.device.kid, await phone.seal(someTask('True'), { id }));
  await drain();
  expect(readTask(journal, id)?.text).toBe('True');
});

async function question(): Promise<{ t: string; ask: string; digest: string }> {
  const t = newId();
  addTask(journal, { id: t, task: someTask('Write'), from: { kid: phone.identity.device.kid, name: 'Pixel 8' } });
  const action = await freezeAction({ v: 1, t, n: 1, act: { sink: 'read', path: '/a' } });
  const ask = addAsk(journal, { task: t, n: 1, why: 'May I?', high: false, actions: [action] });
  return { t, ask, digest: action.digest };
}

/** The phone's answer to `asked`, or what is made of it, as the desktop hears it. */
async function answers(asked: { ask: string; digest: string }, more: Partial<Answer> = {}, by = phone): Promise<void> {
  await by.say({ kind: 'answer', ask: asked.ask, digests: [asked.digest], ok: true, scope: 'once', ...more });
  await drain();
}

test('an answer that names the open question and its actions lets the task go on', async () => {
  const asked = await question();
  await answers(asked);
  expect(readAsk(journal, asked.ask)).toMatchObject({ state: 'ok', answeredBy: phone.identity.device.kid });
  expect(readTask(journal, asked.t)?.state.is).toBe('queued');
});

attack('answers', 'an answer for other actions than were asked about grants nothing', async () => {
  const asked = await question();
  const other = await question();
  for (const digests of [[], ['A'.repeat(43)], [other.digest], [asked.digest, asked.digest]]) {
    await answers(asked, { digests });
  }
  expect(readAsk(journal, asked.ask)?.state).toBe('open');
});

attack('answers', 'an answer to a question that nobody asked grants nothing', async () => {
  const asked = await question();
  await answers(asked, { ask: newId() });
  expect(readAsk(journal, asked.ask)?.state).toBe('open');
});

attack('answers', 'an answer forged by the relay or by a stranger grants nothing', async () => {
  const asked = await question();
  const stranger = await memoryPhone({ relay, desktop: desktop.device, name: 'Stranger' });
  await answers(asked, {}, stranger);
  const said: Answer = { kind: 'answer', ask: asked.ask, digests: [asked.digest], ok: true, scope: 'once' };
  relay.inject(desktop.device.kid, await signedBy(await phone.seal(said), stranger.identity));
  await drain();
  expect(readAsk(journal, asked.ask)?.state).toBe('open');
});

attack('answers', 'an answer that was given is not taken back or given again', async () => {
  const asked = await question();
  await answers(asked, { ok: false });
  await answers(asked);
  expect(readAsk(journal, asked.ask)?.state).toBe('denied');
});

attack('answers', 'an answer replayed to a question put again grants nothing', async () => {
  const asked = await question();
  const said: Answer = { kind: 'answer', ask: asked.ask, digests: [asked.digest], ok: true, scope: 'once' };
  const bytes = await phone.seal(said);
  relay.inject(desktop.device.kid, bytes);
  await drain();
  const action = await freezeAction({ v: 1, t: asked.t, n: 1, act: { sink: 'read', path: '/a' } });
  const again = addAsk(journal, { task: asked.t, n: 1, why: 'May I?', high: false, actions: [action] });
  relay.inject(desktop.device.kid, bytes);
  relay.inject(desktop.device.kid, await phone.seal(said));
  await drain();
  expect(readAsk(journal, again)?.state).toBe('open');
});

attack(
  'header and recipient',
  'a task under the name of a control, and a control under that of a task, are refused',
  async () => {
    const seal = (k: 'task' | 'ctl', body: Up): Promise<string> =>
      sealEnvelope({
        identity: phone.identity,
        recipients: [desktop.device],
        header: { k, id: newId(), n: 1, iat: Math.floor(now() / 1000), exp: Math.floor(now() / 1000) + 60 },
        json: JSON.stringify(body),
      });
    relay.inject(desktop.device.kid, await seal('ctl', someTask('Hidden from the limits of tasks')));
    relay.inject(desktop.device.kid, await seal('task', { kind: 'cancel', t: newId() }));
    expect((await drain()).refused.map(({ why }) => why)).toEqual(['kind.not-allowed', 'kind.not-allowed']);
    expect(listUnended(journal)).toEqual([]);
  },
);

attack('header and recipient', 'a schedule is refused as long as this version knows none', async () => {
  const iat = Math.floor(now() / 1000);
  const rule = { cron: '* * * * *', tz: 'UTC', nb: iat, na: iat + 60, grace: 60 };
  const envelope = await sealEnvelope({
    identity: phone.identity,
    recipients: [desktop.device],
    header: { k: 'sched', s: rule, id: newId(), n: 1, iat, exp: iat + 60 },
    json: JSON.stringify(someTask('Every minute')),
  });
  relay.inject(desktop.device.kid, envelope);
  expect((await drain()).refused.map(({ why }) => why)).toEqual(['kind.not-allowed']);
  expect(listUnended(journal)).toEqual([]);
});

attack('answers', 'a late answer grants nothing', async () => {
  const { ask, digest } = await question();
  await phone.say({ kind: 'answer', ask, digests: [digest], ok: true, scope: 'once' });
  ahead = 601_000;
  await drain();
  expect(readAsk(journal, ask)?.state).toBe('expired');
});

test('an answer that is late by a moment puts the question again', async () => {
  const { t, ask, digest } = await question();
  await phone.say({ kind: 'answer', ask, digests: [digest], ok: true, scope: 'once' });
  ahead = 601_000;
  await drain();
  expect(readAsk(journal, ask)?.state).toBe('expired');
  expect(readTask(journal, t)?.state.is).toBe('queued');
});

test('a phone whose clock is behind is heard, also by a journal that just began', async () => {
  const iat = Math.floor(now() / 1000) - 280;
  const id = await phone.say(someTask('Slow clock'), { iat });
  expect((await drain()).refused).toEqual([]);
  expect(readTask(journal, id)?.text).toBe('Slow clock');
});

test('a journal that began under a clock that ran ahead hears phones once the clock is right', async () => {
  journal.close();
  rmSync(folder, { recursive: true, force: true });
  ahead = 30 * 86_400_000;
  journal = openJournal({ folder, now });
  pinPeer(journal, { device: phone.identity.device, mayPower: true, mayHistory: true });
  journal.close();
  ahead = 0;
  journal = openJournal({ folder, now });
  await phone.say(someTask('Now'));
  expect((await drain()).refused).toEqual([]);
});

attack('sender and signature', 'a phone that is dropped while its words are opened commands nothing', async () => {
  const id = newId();
  const receiver = desktopReceiver(journal, desktop);
  const verdict = await accept(await phone.seal(someTask('Hurry'), { id }), receiver);
  if (verdict.is !== 'accepted') throw new Error(verdict.is);
  removePeer(journal, phone.identity.device.kid, 'desk');
  await receiver.store.take(verdict.accepted);
  expect(readTask(journal, id)).toBeUndefined();
});

attack('answers', 'the first answer of two phones wins', async () => {
  const tablet = await paired('Tablet');
  const { ask, digest } = await question();
  await tablet.say({ kind: 'answer', ask, digests: [digest], ok: false, scope: 'once' });
  await phone.say({ kind: 'answer', ask, digests: [digest], ok: true, scope: 'once' });
  await drain();
  expect(readAsk(journal, ask)).toMatchObject({ state: 'denied', answeredBy: tablet.identity.device.kid });
});

attack(
  'replay and time',
  'tasks that name themselves or each other as their predecessor do not wait for ever',
  async () => {
    const [alone, one, two, three] = [newId(), newId(), newId(), newId()];
    const say = (id: string, after: string) => phone.say(someTask(id, { thread: one, after }), { id });
    await say(alone, alone);
    await say(one, three);
    await say(two, one);
    await say(three, two);
    await drain();
    const begun: string[] = [];
    for (let task = next(); task; task = next()) {
      begun.push(task.id);
      endTask(journal, task.id, { fate: 'done' });
    }
    expect(begun).toEqual([alone, three, one, two]);
  },
);
const next = () => listUnended(journal).find((task) => isReady({ journal }, task));

test('a phone is told that its task cannot be read here, and what to do', async () => {
  const newer = { ...someTask('With a grant of tomorrow'), grants: [{ do: 'fly' }] };
  const unread = await phone.say(newer as never);
  const old = await newIdentity({ kind: 'desktop', name: 'Studio-PC', extractable: true });
  const { ek, enc } = old.device;
  const unopened = newId();
  const to = { ...desktop.device, ek, enc };
  relay.inject(desktop.device.kid, await phone.seal(someTask('To a key that is gone'), { id: unopened, to }));
  expect((await drain()).refused.map(({ why }) => why)).toEqual(['body.unknown', 'body.unreadable']);
  await flush();
  for (const [t, what] of [
    [unread, 'Update'],
    [unopened, 'Send it again'],
  ] satisfies [string, string][]) {
    const why = expect.stringContaining(what);
    expect(await phone.happenings(t)).toEqual([{ kind: 'state', state: { is: 'ended', fate: 'refused', why } }]);
  }
});

test('a cancel stops a task, also one that it overtook', async () => {
  const id = newId();
  await phone.say({ kind: 'cancel', t: id });
  await phone.say(someTask('Too late'), { id });
  await drain();
  expect(readTask(journal, id)?.state).toEqual({ is: 'ended', fate: 'cancelled' });
});

attack('answers', 'a phone that may not set the power switches does not', async () => {
  const guest = await paired('Guest', { mayPower: false });
  await guest.say({ kind: 'set', settings: { ...DEFAULT_SETTINGS, lid: false }, rev: 0 });
  await drain();
  expect(readSettings(journal).rev).toBe(0);
});

test('a phone sets the power switches only from what it has seen', async () => {
  const settings = { ...DEFAULT_SETTINGS, lid: false };
  await phone.say({ kind: 'set', settings, rev: 7 });
  await drain();
  expect(readSettings(journal).rev).toBe(0);
  await phone.say({ kind: 'set', settings, rev: 0 });
  await drain();
  expect(readSettings(journal)).toEqual({ settings, rev: 1 });
});

test('a sync sends what is missing, to the phone that asked only, and only what it may read', async () => {
  const mine = await phone.say(someTask('From the phone'));
  await drain();
  ahead = 5000;
  const guest = await paired('Guest', { mayHistory: false });
  await flush();
  await phone.hear();
  const before = relay.waiting(phone.identity.device.kid);
  await guest.say({ kind: 'sync', have: {}, version: 1, name: 'Guest' });
  await drain();
  await flush();
  expect(await guest.happenings(mine)).toEqual([]);
  const reader = await paired('Reader');
  await reader.say({ kind: 'sync', have: { [mine]: 0 }, version: 1, name: 'Reader' });
  await reader.say({ kind: 'sync', have: {}, version: 1, name: 'Reader' });
  await drain();
  expect(await flush()).toEqual({ is: 'empty', sent: 2 });
  expect((await reader.happenings(mine)).map(({ kind }) => kind)).toEqual(['echo', 'state']);
  expect(relay.waiting(phone.identity.device.kid)).toBe(before);
});

attack('sender and signature', 'a dropped phone commands no more, and what it had queued is not begun', async () => {
  const tablet = await paired('Tablet');
  const queued = await tablet.say(someTask('Queued'));
  await drain();
  await phone.say({ kind: 'drop', kid: tablet.identity.device.kid });
  await drain();
  expect(readPeer(journal, tablet.identity.device.kid)).toBeUndefined();
  expect(readTask(journal, queued)?.state).toEqual({ is: 'ended', fate: 'cancelled' });
  await tablet.say(someTask('Still here?'));
  expect((await drain()).refused.map(({ why }) => why)).toEqual(['sender.unknown']);
});
