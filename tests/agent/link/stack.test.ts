import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Notice } from '../../../agent/control/messages.ts';
import type { Phone } from '../../../mobile/state/phone.ts';
import type { TaskView } from '../../../mobile/state/view.ts';
import { bunPhone } from '../../../mobile/terminal/bun-phone.ts';
import { realWorker, type RealWorker } from '../../support/real-worker.ts';
import { relayStack, type RelayStack } from '../../support/relay-stack.ts';
import { codeOf, password } from '../../support/stack-people.ts';
import { until } from '../../support/until.ts';

/* The real worker on a whole embedded stack, and a phone on the app's own code. The tests build on each other. */

setDefaultTimeout(60_000);

let stack: RelayStack;
let worker: RealWorker;
let phone: Phone;
let desk: string;
let secret: string;

beforeAll(async () => {
  stack = await relayStack();
  worker = realWorker({
    roots: ['~/Inbox'],
    relay: { url: stack.url, publishableKey: stack.publishableKey },
    app: stack.url,
  });
  worker.put('Inbox/orders.csv', 'name,amount\nAnna,12\n');
  await worker.start();
  const folder = join(worker.home, 'phone');
  mkdirSync(folder);
  phone = bunPhone({ folder, relayUrl: stack.url, name: 'Pixel 8' });
  await phone.start();
  await phone.account.signUp({ email: 'owner@example.org', password });
  const factor = await phone.account.enrol();
  ({ secret } = factor);
  await phone.account.verify(codeOf({ secret }), factor.factorId);
});
afterAll(async () => {
  await phone.stop();
  await worker.clear();
  await stack.stop();
});

const heard = async <Say extends Notice['say']>(say: Say): Promise<Extract<Notice, { say: Say }>> => {
  const isWanted = (notice: Notice): notice is Extract<Notice, { say: Say }> => notice.say === say;
  const found = await until(() => worker.notices.find(isWanted), Boolean);
  if (!found) throw new Error('unreachable');
  return found;
};

const taskOf = (id: string): TaskView | undefined =>
  phone
    .view()
    .threads.flatMap(({ tasks }) => tasks)
    .find((task) => task.id === id);

const ended = (id: string): Promise<TaskView | undefined> =>
  until(
    () => taskOf(id),
    (task) => task?.standing.is === 'ended',
  );

const send = (text: string): Promise<string> =>
  phone.errands.send({ desktop: desk, text, grants: [{ do: 'read', path: '~/Inbox' }], thread: undefined });

test('a phone is paired in front of the desktop, and the desktop has a session of its own', async () => {
  const offer = await worker.ask({ do: 'pair' });
  if (offer.is !== 'offer') throw new Error(JSON.stringify(offer));
  const opened = phone.pairing.open(offer.link);
  const { claim, digits } = await heard('claim');
  const shown = await until(
    () => phone.view().pairing,
    (pairing) => pairing.is === 'compare',
  );
  expect(shown).toMatchObject({ digits });
  expect(await worker.ask({ do: 'allow', claim, ok: true, mayPower: true })).toEqual({ is: 'done' });
  await opened;
  await until(() => phone.view().desktops.find(({ seen }) => seen), Boolean);
  desk = phone.view().desktops[0]?.device.kid ?? '';
  expect(phone.view().desktops[0]?.seen).toMatchObject({ presence: 'idle', mayPower: true });
});

test('a task comes by the doorbell, and its events go back', async () => {
  const id = await send('Make a table from the CSV files in ~/Inbox');
  const task = await ended(id);
  expect(task?.standing).toEqual({ is: 'ended', fate: 'done' });
  expect(task?.chain).toBe('whole');
  expect(task?.result?.text).toContain('Anna');
});

test('the order to end reaches the phone as a farewell, and tasks sent meanwhile wait', async () => {
  expect(await worker.end('lid-closed')).toBe(0);
  await until(
    () => phone.view().desktops[0]?.seen?.presence,
    (presence) => presence === 'lid-closed',
  );
  const id = await send('Make a table from the CSV files in ~/Inbox');
  await until(
    () => taskOf(id)?.standing.is,
    (is) => is === 'relay',
  );
  // The session is lost too: it is made again with the device key.
  rmSync(join(worker.data, 'session.json'));
  await worker.start();
  expect((await ended(id))?.standing).toEqual({ is: 'ended', fate: 'done' });
});

test('a phone sets a power switch, and sees it hold', async () => {
  await phone.desktops.set(desk, { lid: false, idle: true, idleMinutes: 15 });
  const seen = await until(
    () => phone.view().desktops[0]?.seen,
    (now) => now?.rev === 1,
  );
  expect(seen?.settings).toEqual({ lid: false, idle: true, idleMinutes: 15 });
});

test('killed in the middle of a task, the worker takes it up again', async () => {
  await worker.end();
  await worker.start({ ERRAND_FAILPOINT: 'step.after-effect' });
  const id = await send('Make a table from the CSV files in ~/Inbox');
  expect(await worker.exit()).toBe('SIGKILL');
  await worker.start();
  expect((await ended(id))?.standing).toEqual({ is: 'ended', fate: 'done' });
  expect(taskOf(id)?.chain).toBe('whole');
});

test('the owner may sign in at the desk instead; the phone stays signed in', async () => {
  const request = { do: 'login', email: 'owner@example.org', password } as const;
  expect(await worker.ask({ ...request, code: '000000' })).toMatchObject({ is: 'error', code: 'login.code' });
  // A code counts once: the one after it is good for half a minute before its time.
  const code = codeOf({ secret }, Date.now() + 30_000);
  expect(await worker.ask({ ...request, code })).toEqual({ is: 'done' });
  await phone.desktops.list();
  expect(
    phone
      .view()
      .devices?.map(({ kind }) => kind)
      .toSorted(),
  ).toEqual(['desktop', 'phone']);
});

test('a phone that was dropped at the desk commands no more', async () => {
  const devices = await worker.ask({ do: 'devices' });
  if (devices.is !== 'devices') throw new Error(JSON.stringify(devices));
  expect(devices.devices).toMatchObject([{ name: 'Pixel 8', mayPower: true }]);
  expect(await worker.ask({ do: 'drop', kid: devices.devices[0]?.kid ?? '' })).toEqual({ is: 'done' });
  const id = await send('Make a table from the CSV files in ~/Inbox');
  expect(await until(() => worker.verdict(id), Boolean)).toBe('sender.unknown');
});
