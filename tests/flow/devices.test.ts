import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import type { Phone } from '../../mobile/state/phone.ts';
import { faultCode } from '../../mobile/link/fault.ts';
import {
  appOf,
  endOf,
  newDesktop,
  phoneFor,
  signUpAndPair,
  taskOf,
  viewWith,
  type Desktop,
} from '../support/desktop.ts';
import { attack } from '../support/evidence.ts';
import { call, startFakeModel, taskText, text, type FakeModel } from '../support/fake-model.ts';
import { anotherPhone, pairAt, rename } from '../support/more-phones.ts';
import { until } from '../support/until.ts';

/*
 * Several phones of one person at one desktop, on real parts: pairing, what each may read, answers of both, dropping, and coming back.
 */

let model: FakeModel;
let desktop: Desktop;
let pixel: Phone;
let tablet: Phone;
let secret: string;
let desk: string;
/** Until then the model thinks about slow errands. */
const { promise: released, resolve: release } = Promise.withResolvers<void>();
/** An errand from before the tablet was paired. */
let older: string;

beforeAll(async () => {
  model = startFakeModel();
  desktop = newDesktop({ ANTHROPIC_API_KEY: 'test', ANTHROPIC_BASE_URL: model.url });
  desktop.put('Out/before.md', 'A folder to write to, if it is allowed.');
  model.play((request) => {
    const words = taskText(request);
    const asked = words.slice(words.indexOf('The task:'));
    if (asked.includes('~/Out/'))
      return [call('write_text', { path: '~/Out/note.md', text: 'A note.' }), text('Written.')];
    return asked.includes('Slow') ? [{ after: released, play: text('Done.') }] : [text('Done.')];
  });
  // At the second drop of the worker that goes on after `errand up`.
  await desktop.start({ ERRAND_FAILPOINT: 'rotate.announced:2' });
  pixel = await phoneFor(desktop);
  secret = await signUpAndPair(desktop, pixel);
  desk = pixel.view().desktops[0]?.device.kid ?? '';
  older = await send(pixel, 'Before the tablet');
  await endOf(pixel, older);
  tablet = await another('Tablet');
  await pairAt(desktop, tablet);
});
afterAll(async () => {
  await Promise.all([pixel.stop(), tablet.stop()]);
  await desktop.clear();
  await model.stop();
});

const send = (phone: Phone, words: string): Promise<string> =>
  phone.errands.send({ desktop: desk, text: words, grants: [] });
const another = async (name: string, folder = name): Promise<Phone> =>
  anotherPhone({ folder: desktop.path(`phone-${folder}`), app: await appOf(desktop), name, secret });
const texts = (phone: Phone): string[] => phone.view().threads.flatMap(({ tasks }) => tasks.map((task) => task.text));

test('each phone sees what the other asks for from then on, and what came of it; nothing older unless the desk allowed it', async () => {
  const mine = await send(pixel, 'From the Pixel');
  const theirs = await send(tablet, 'From the tablet');
  for (const phone of [pixel, tablet]) {
    for (const id of [mine, theirs]) expect((await endOf(phone, id)).result?.text).toBe('Done.');
  }
  expect(taskOf(tablet.view(), mine)?.from).toBe('Pixel 8');
  expect(taskOf(pixel.view(), theirs)?.from).toBe('Tablet');
  expect(texts(tablet)).not.toContain('Before the tablet');
});

test('the first answer of two phones wins, and both show whose it was', async () => {
  const id = await send(pixel, 'Write a note to ~/Out/note.md');
  const asked = async (phone: Phone): Promise<string> =>
    viewWith(phone, (view) => taskOf(view, id)?.asks.find(({ actions }) => actions)?.ask.ask);
  const ask = await asked(pixel);
  expect(await asked(tablet)).toBe(ask);
  // Both answer before either can know of the other.
  await desktop.errand('stop');
  await tablet.errands.answer({ task: id, ask, ok: false });
  await pixel.errands.answer({ task: id, ask, ok: true });
  await desktop.errand('up');
  const answerOn = async (phone: Phone): Promise<{ ok: boolean; by: string | undefined }> => {
    await endOf(phone, id);
    return viewWith(phone, (view) => taskOf(view, id)?.asks.find(({ answer }) => answer?.by)?.answer);
  };
  const first = await answerOn(pixel);
  expect(await answerOn(tablet)).toEqual(first);
  expect(first.by).toBe(first.ok ? 'Pixel 8' : 'Tablet');
  expect(existsSync(desktop.path('Out/note.md'))).toBe(first.ok);
});

test('a desktop that is renamed is called so on every phone', async () => {
  await rename(desktop, 'Workshop');
  for (const phone of [pixel, tablet]) {
    await viewWith(phone, ({ desktops }) => desktops.find(({ device }) => device.name === 'Workshop'));
  }
});

test('a phone dropped at the desk is told, shows its queued errand as cancelled, and the other phone sees that fate', async () => {
  const slow = await send(pixel, 'Slow');
  await viewWith(pixel, (view) => (taskOf(view, slow)?.standing.is === 'running' ? true : undefined));
  const queued = await send(tablet, 'Never begun');
  await viewWith(tablet, (view) => (taskOf(view, queued)?.standing.is === 'queued' ? true : undefined));
  const revoked = await desktop.errand('devices', 'revoke', 'Tablet');
  expect(revoked.said).toContain('Tablet may no longer control this computer.');
  for (const phone of [pixel, tablet]) {
    expect((await endOf(phone, queued)).standing).toMatchObject({ is: 'ended', fate: 'cancelled' });
  }
  const { dropped } = await viewWith(tablet, ({ desktops }) => desktops.find((one) => one.dropped));
  expect(dropped).toBeGreaterThan(0);
  expect((await desktop.errand('devices')).said).not.toContain('Tablet');
  release();
  await endOf(pixel, slow);
});

attack('pairing and devices', 'a dropped phone sends nothing more, and says why in words', async () => {
  expect(faultCode(await send(tablet, 'Still here?').catch((error: unknown) => error))).toBe('pairing.dropped');
});

test('the phone that stays goes on as before, with another key of the desktop', async () => {
  const before = tablet.view().desktops[0]?.device.ek;
  const { ek } = await viewWith(pixel, ({ desktops }) => desktops.find(({ device }) => device.ek !== before)?.device);
  expect(ek).not.toBe(before);
  expect((await endOf(pixel, await send(pixel, 'After the drop'))).standing).toEqual({ is: 'ended', fate: 'done' });
});

test('the dropped phone comes back by the same ceremony, and reads the older errands when the desk allows that', async () => {
  await pairAt(desktop, tablet, 'ha');
  await viewWith(tablet, ({ desktops }) => desktops.find(({ trusted, dropped }) => trusted && dropped === undefined));
  await viewWith(tablet, () => (texts(tablet).includes('Before the tablet') ? true : undefined));
  expect((await endOf(tablet, await send(tablet, 'Back again'))).standing).toEqual({ is: 'ended', fate: 'done' });
});

test('a phone that lost its keys pairs as another one, has its errands again, and drops what it was; the desktop is killed meanwhile', async () => {
  const old = tablet.view().me?.kid ?? '';
  const anew = await another('Tablet', 'Tablet-anew');
  await pairAt(desktop, anew, 'ha');
  await viewWith(anew, () =>
    ['Before the tablet', 'Back again'].every((words) => texts(anew).includes(words)) ? true : undefined,
  );
  expect(anew.view().me?.kid).not.toBe(old);
  const { worker } = await desktop.pids();
  await anew.desktops.list();
  await anew.desktops.revoke(old);
  await viewWith(tablet, ({ line }) => (line.is === 'refused' && line.why.startsWith('device.') ? true : undefined));
  const list = await viewWith(anew, () => anew.view().devices);
  expect(list.map(({ kid }) => kid)).not.toContain(old);
  await until(
    () => desktop.pids(),
    (pids) => pids.worker !== null && pids.worker !== worker,
  );
  expect((await endOf(anew, await send(anew, 'With new keys'))).standing).toEqual({ is: 'ended', fate: 'done' });
  await anew.stop();
});
