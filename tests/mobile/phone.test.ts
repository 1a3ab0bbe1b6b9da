import { afterAll, beforeAll, expect, test } from 'bun:test';
import { PROTOCOL_VERSION } from '../../edge/protocol/version.ts';
import type { TestStack } from '../support/stack.ts';
import { appStack } from './support/app-stack.ts';
import { until } from '../support/until.ts';
import { memoryDb } from '../../mobile/link/memory-db.ts';
import { bunPhone, codeOf, pair, pairedPhone, PASSWORD, taskWith, viewWith } from './support/bun-phone.ts';
import { newDesk, seenNow, type Desk } from './support/desk.ts';
import type { Phone } from '../../mobile/state/phone.ts';

/* A phone without a screen against the real stack; the desktop's side of the wire is played by the test. */

let stack: TestStack;
let desk: Desk;
let phone: Phone;

beforeAll(async () => {
  stack = await appStack();
  desk = await newDesk(stack);
  phone = bunPhone(stack.url);
  await pairedPhone(phone, desk);
});
afterAll(async () => {
  await phone.stop();
  await stack.stop();
});

const kid = (): string => desk.identity.device.kid;
const send = (text: string, thread?: string): Promise<string> =>
  phone.errands.send({ desktop: kid(), text, grants: [], thread });

test('a paired phone knows its desktop, and tells it what it has', async () => {
  expect(phone.view().desktops.map(({ device }) => device.name)).toEqual(['Studio-PC']);
  const { body } = await desk.hears('sync');
  expect(body).toMatchObject({ have: {}, version: PROTOCOL_VERSION, name: 'Pixel 8' });
});

test('a task goes from the phone to the relay to the desk, and the phone says where it is at each moment', async () => {
  const id = await send('tidy the desk');
  await taskWith(phone, id, ({ standing }) => standing.is === 'relay');
  const heard = await desk.hears('task');
  expect(heard.id).toBe(id);
  expect(heard.body).toMatchObject({ text: 'tidy the desk', thread: null, after: null, ifMissed: 'run' });
  const from = { kid: phone.view().me?.kid ?? '', name: 'Pixel 8' };
  await desk.tell(id, { kind: 'echo', text: 'tidy the desk', thread: id, from, grants: [] });
  await taskWith(phone, id, ({ standing }) => standing.is === 'received');
  await desk.tell(id, { kind: 'state', state: { is: 'running' } });
  await taskWith(phone, id, ({ standing }) => standing.is === 'running');
  await desk.tell(id, { kind: 'step', n: 1, tool: 'list', title: 'Look into ~/Desk', state: 'started' });
  await desk.tell(id, { kind: 'step', n: 1, tool: 'list', title: 'Look into ~/Desk', state: 'done' });
  await desk.tell(id, { kind: 'result', text: 'Tidy.', files: [], by: 'offline planner', untrusted: false });
  await desk.tell(id, { kind: 'state', state: { is: 'ended', fate: 'done' } });
  const task = await taskWith(phone, id, ({ standing }) => standing.is === 'ended');
  expect(task).toMatchObject({
    chain: 'whole',
    steps: [{ title: 'Look into ~/Desk', state: 'done' }],
    result: { text: 'Tidy.' },
  });
});

test('a follow-up names its thread and the task before it', async () => {
  const first = await send('one');
  const second = await send('two', first);
  const heard = await desk.hears('task');
  await taskWith(phone, second, ({ standing }) => standing.is === 'relay');
  expect(
    phone
      .view()
      .threads.find(({ id }) => id === first)
      ?.tasks.map(({ id }) => id),
  ).toEqual([first, second]);
  expect((await desk.hear()).find(({ id }) => id === second)?.body ?? heard.body).toMatchObject({
    thread: first,
    after: first,
  });
});

test('a task that no desktop fetched is withdrawn, one that was fetched is not', async () => {
  const id = await send('never mind');
  await taskWith(phone, id, ({ standing }) => standing.is === 'relay');
  await phone.errands.withdraw(id);
  await taskWith(phone, id, ({ standing }) => standing.is === 'withdrawn');
  expect((await desk.hear()).some((heard) => heard.id === id)).toBe(false);

  const late = await send('too late');
  await taskWith(phone, late, ({ standing }) => standing.is === 'relay');
  await desk.hear();
  await expect(phone.errands.withdraw(late)).rejects.toMatchObject({ code: 'envelope.fetched' });
  expect((await taskWith(phone, late, () => true)).standing.is).toBe('relay');
});

test('the switches set on the phone reach the desk, and are pending until it confirms them', async () => {
  await desk.say(seenNow(), { c: 'seen' });
  await viewWith(phone, (view) => view.desktops[0]?.seen !== undefined);
  const settings = { lid: false, idle: true, idleMinutes: 5 };
  await phone.desktops.set(kid(), settings);
  expect(phone.view().desktops[0]?.wanted).toEqual(settings);
  const { body } = await desk.hears('set');
  expect(body).toEqual({ kind: 'set', settings, rev: 1 });
  await desk.say(seenNow({ settings, rev: 2 }), { c: 'seen' });
  const view = await viewWith(phone, ({ desktops }) => desktops[0]?.seen?.rev === 2);
  expect(view.desktops[0]?.wanted).toBeUndefined();
});

test('after a restart the phone still knows everything, and needs no new session', async () => {
  const db = memoryDb();
  const one = bunPhone(stack.url, { db });
  const other = await newDesk(stack, 'Laptop');
  await pairedPhone(one, other);
  const id = await one.errands.send({ desktop: other.identity.device.kid, text: 'remember', grants: [] });
  await taskWith(one, id, ({ standing }) => standing.is === 'relay');
  await one.stop();
  await other.tell(id, { kind: 'state', state: { is: 'queued' } }).catch(() => undefined);

  const two = bunPhone(stack.url, { db });
  await two.start();
  expect(two.view().stage).toBe('ready');
  expect(two.view().desktops.map(({ device }) => device.name)).toEqual(['Laptop']);
  await taskWith(two, id, ({ standing }) => standing.is === 'queued');
  await two.stop();
});

test('what is sent without a network waits on the phone and goes when it is back', async () => {
  let online = true;
  const one = bunPhone(stack.url, { online: () => online });
  const other = await newDesk(stack, 'Laptop');
  await pairedPhone(one, other);
  online = false;
  const id = await one.errands.send({ desktop: other.identity.device.kid, text: 'later', grants: [] });
  expect((await taskWith(one, id, () => true)).standing).toEqual({ is: 'here' });
  const gone = await one.errands.send({ desktop: other.identity.device.kid, text: 'no', grants: [] });
  await one.errands.withdraw(gone);
  expect((await taskWith(one, gone, () => true)).standing).toEqual({ is: 'withdrawn' });
  online = true;
  one.kick();
  await taskWith(one, id, ({ standing }) => standing.is === 'relay');
  expect((await other.hears('task')).id).toBe(id);
  await one.stop();
});

test('a refusal at the desk and a false code are told as what they are', async () => {
  const { code, claimed } = await desk.offer();
  const opened = phone.pairing.open(code);
  await (await claimed).refuse();
  await opened;
  expect(phone.view().pairing).toEqual({ is: 'failed', why: 'pairing.refused' });
  await phone.pairing.open('not a code');
  expect(phone.view().pairing).toEqual({ is: 'failed', why: 'pairing.code' });
  await phone.pairing.cancel();
  expect(phone.view().pairing).toEqual({ is: 'none' });
});

test('a second desktop is one more to choose from', async () => {
  const laptop = await newDesk(stack, 'Laptop');
  await pair(phone, laptop);
  expect(
    phone
      .view()
      .desktops.map(({ device }) => device.name)
      .sort(),
  ).toEqual(['Laptop', 'Studio-PC']);
  await phone.desktops.list();
  expect(
    phone
      .view()
      .devices?.map(({ name }) => name)
      .sort(),
  ).toEqual(['Laptop', 'Pixel 8', 'Studio-PC']);
});

test('a session that was ended elsewhere leads back to signing in, and a task sent meanwhile is kept', async () => {
  let refuses = false;
  const over = (): Response => Response.json({ error: { code: 'auth.invalid', message: 'over' } }, { status: 401 });
  const one = bunPhone(stack.url, {
    fetch: async (input, init) => (refuses && new Request(input).url.includes('/relay/') ? over() : fetch(input, init)),
  });
  const other = await newDesk(stack, 'Laptop');
  const { email, secret } = await pairedPhone(one, other);
  await stack.sql`delete from auth.sessions where user_id = (select id from auth.users where email = ${email})`;
  refuses = true;
  const id = await one.errands.send({ desktop: other.identity.device.kid, text: 'still here', grants: [] });
  await viewWith(one, ({ stage }) => stage === 'signed-out');
  refuses = false;
  await one.account.signIn({ email, password: PASSWORD });
  expect(one.view().stage).toBe('factor');
  await one.account.verify(codeOf(secret, Date.now() + 30_000));
  await taskWith(one, id, ({ standing }) => standing.is === 'relay');
  expect((await other.hears('task')).body.text).toBe('still here');
  await one.stop();
});

test('a missing event is asked for again, once', async () => {
  const id = await send('with a gap');
  await taskWith(phone, id, ({ standing }) => standing.is === 'relay');
  const syncs = async (): Promise<number> => (await desk.hear()).filter(({ body }) => body.kind === 'sync').length;
  const before = await syncs();
  await desk.tell(id, { kind: 'note', text: 'one' });
  await desk.tell(id, { kind: 'note', text: 'three' }, { i: 3 });
  await taskWith(phone, id, ({ chain }) => chain === 'gap');
  await desk.tell(id, { kind: 'note', text: 'four' });
  await taskWith(phone, id, ({ notes }) => notes.length === 3);
  await until(syncs, (count) => count > before);
  const { body } = await desk.hears('sync');
  expect(body.have[id]).toBe(1);
  expect(await syncs()).toBe(before + 1);
});

test('one desktop has no say in the tasks of another', async () => {
  const laptop = await newDesk(stack, 'Laptop');
  await pair(phone, laptop);
  const id = await send('mine alone');
  await taskWith(phone, id, ({ standing }) => standing.is === 'relay');
  await laptop.tell(id, { kind: 'state', state: { is: 'ended', fate: 'done' } });
  const sign = await phone.errands.send({ desktop: laptop.identity.device.kid, text: 'sign', grants: [] });
  await laptop.tell(sign, { kind: 'state', state: { is: 'queued' } });
  await taskWith(phone, sign, ({ standing }) => standing.is === 'queued');
  expect((await taskWith(phone, id, () => true)).standing.is).toBe('relay');
});

test('a phone that was revoked on another one is told so', async () => {
  const db = memoryDb();
  const one = bunPhone(stack.url, { db });
  const other = await newDesk(stack, 'Laptop');
  const { email, secret } = await pairedPhone(one, other);
  const two = bunPhone(stack.url, { name: 'Tablet' });
  await two.start();
  await two.account.signIn({ email, password: PASSWORD });
  await two.account.verify(codeOf(secret, Date.now() + 30_000));
  await two.desktops.list();
  const lost = two.view().devices?.find(({ name }) => name === 'Pixel 8');
  await two.desktops.revoke(lost?.kid ?? '');
  await one.errands.send({ desktop: other.identity.device.kid, text: 'anyone there?', grants: [] });
  const { line } = await viewWith(one, (view) => view.line.is === 'refused');
  expect(line.is === 'refused' && line.why).toStartWith('device.');
  await one.stop();
  await two.stop();
});
