import { afterAll, beforeAll, expect, test } from 'bun:test';
import { rmSync } from 'node:fs';
import type { Phone } from '../../mobile/state/phone.ts';
import { endOf, newDesktop, phoneFor, signUpAndPair, taskOf, viewWith, type Desktop } from '../support/desktop.ts';
import { pairAt } from '../support/more-phones.ts';
import { until } from '../support/until.ts';

/*
 * A desktop whose keyring was emptied.
 */

let desktop: Desktop;
let phone: Phone;

beforeAll(async () => {
  desktop = newDesktop();
  desktop.put('Inbox/a.csv', 'a,b\n1,2\n');
  await desktop.start();
  phone = await phoneFor(desktop);
  await signUpAndPair(desktop, phone);
});
afterAll(async () => {
  await phone.stop();
  await desktop.clear();
});

const find = async (kid: string): Promise<string> =>
  phone.errands.send({
    desktop: kid,
    text: 'Find the CSV files in ~/Inbox',
    grants: [{ do: 'read', path: '~/Inbox' }],
  });

test('says that its keys are gone and what to do, becomes nobody else by itself, and starts anew when it is told to, where the phone pairs again', async () => {
  const known = phone.view().desktops[0]?.device.kid ?? '';
  const before = await find(known);
  await endOf(phone, before);
  expect((await desktop.errand('devices', 'anew')).said).toContain('Stop Errand first');
  await desktop.errand('stop');
  rmSync(desktop.path('.errand/secrets.json'));
  await desktop.errand('up');
  const status = await until(
    () => desktop.errand('status'),
    ({ said }) => said.includes('missing from its keyring'),
  );
  expect(status.said).toContain('errand devices anew');

  await desktop.errand('stop');
  expect((await desktop.errand('devices', 'anew')).said).toContain('Pair every phone again');
  await desktop.errand('up');
  // While the worker still starts.
  await pairAt(desktop, phone, 'ha');
  const renewed = await viewWith(
    phone,
    ({ desktops }) => desktops.find(({ device }) => device.kid !== known)?.device.kid,
  );
  expect(taskOf(phone.view(), before)?.result?.text).toContain('a.csv');
  expect((await endOf(phone, await find(renewed))).standing).toEqual({ is: 'ended', fate: 'done' });
});
