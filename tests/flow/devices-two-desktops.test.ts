import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Phone } from '../../mobile/state/phone.ts';
import { reachOf, type Reach } from '../../mobile/state/reach.ts';
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
import { pairAt, rename } from '../support/more-phones.ts';

/*
 * One person, one phone, two desktops: the second joins the relay of the first.
 */

let studio: Desktop;
let laptop: Desktop;
let phone: Phone;

beforeAll(async () => {
  studio = newDesktop();
  laptop = newDesktop();
  studio.put('Inbox/studio.csv', 'a,b\n1,2\n');
  laptop.put('Inbox/laptop.csv', 'a,b\n3,4\n');
  await studio.start();
  await rename(studio, 'Studio');
  phone = await phoneFor(studio);
  await signUpAndPair(studio, phone);
  const app = await appOf(studio);
  const { publishableKey } = (await (await fetch(`${app}/functions/v1/relay/config`)).json()) as {
    publishableKey: string;
  };
  const up = await laptop.errand('up', '--relay', app, '--key', publishableKey);
  expect(up.status).toBe(0);
  await rename(laptop, 'Laptop');
  await pairAt(laptop, phone);
});
afterAll(async () => {
  await phone.stop();
  await laptop.clear();
  await studio.clear();
});

const kidOf = async (name: string): Promise<string> =>
  (await viewWith(phone, ({ desktops }) => desktops.find(({ device }) => device.name === name))).device.kid;
const find = async (name: string, thread?: string): Promise<string> =>
  phone.errands.send({
    desktop: await kidOf(name),
    text: 'Find the CSV files in ~/Inbox',
    grants: [{ do: 'read', path: '~/Inbox' }],
    thread,
  });
const reachAs = async (name: string, is: Reach['is']): Promise<Reach> => {
  await phone.desktops.list();
  return viewWith(phone, ({ desktops }) => {
    const desktop = desktops.find(({ device }) => device.name === name);
    const reach = desktop && reachOf(desktop, Date.now());
    return reach?.is === is ? reach : undefined;
  });
};

test('each errand goes to the desktop it was meant for, and its thread stays there', async () => {
  const there = await find('Laptop');
  const here = await find('Studio');
  expect((await endOf(phone, there)).result?.text).toContain('laptop.csv');
  expect((await endOf(phone, here)).result?.text).toContain('studio.csv');
  const threads = phone.view().threads;
  expect(threads.find(({ id }) => id === there)?.desktop).toBe(await kidOf('Laptop'));
  const next = await find('Laptop', there);
  expect((await endOf(phone, next)).thread).toBe(there);
});

test('each says for itself whether it would hear', async () => {
  await laptop.errand('stop');
  await reachAs('Laptop', 'stopped-by-owner');
  await reachAs('Studio', 'here');
  await laptop.errand('up');
  await reachAs('Laptop', 'here');
});

test('a phone dropped by one desktop stays at the other', async () => {
  await laptop.errand('devices', 'revoke', 'Pixel 8');
  await reachAs('Laptop', 'dropped');
  expect((await endOf(phone, await find('Studio'))).standing).toEqual({ is: 'ended', fate: 'done' });
  await pairAt(laptop, phone, 'ha');
  expect((await endOf(phone, await find('Laptop'))).standing).toEqual({ is: 'ended', fate: 'done' });
});

test('a desktop that is revoked by account is gone from the phone, what it had not begun is cancelled, and the other works on', async () => {
  await laptop.errand('stop');
  const lost = await find('Laptop');
  await viewWith(phone, (view) => (taskOf(view, lost)?.standing.is === 'relay' ? true : undefined));
  await phone.desktops.revoke(await kidOf('Laptop'));
  expect((await endOf(phone, lost)).standing).toMatchObject({ fate: 'cancelled' });
  expect(phone.view().desktops.map(({ device }) => device.name)).toEqual(['Studio']);
  expect((await endOf(phone, await find('Studio'))).standing).toEqual({ is: 'ended', fate: 'done' });
});
