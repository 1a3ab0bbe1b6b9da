import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { en } from '../../mobile/words/en.ts';
import { phoneContext, startChromium } from '../support/chromium.ts';
import { record } from '../support/evidence.ts';
import { rebuild } from '../support/rebuilt.ts';
import type { TestStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { appStack, dist } from './support/app-stack.ts';
import { codeOf, PASSWORD } from './support/bun-phone.ts';
import { newDesk, type Desk } from './support/desk.ts';

/* The app is replaced by a newer one while a page of the older one is open, in a real browser. In order: one story. */

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), 'errand-app-'));
let stack: TestStack;
let desk: Desk;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let task = '';

beforeAll(async () => {
  rebuild(dist, folder, 'old');
  stack = await appStack({ staticDir: folder });
  desk = await newDesk(stack);
  browser = await startChromium();
  context = await phoneContext(browser);
  page = await context.newPage();
});
afterAll(async () => {
  await browser.close();
  await stack.stop();
  rmSync(folder, { recursive: true });
});

const button = (name: string) => page.getByRole('button', { name, exact: true });
const composer = () => page.getByLabel('What should your desktop do?');
const send = async (words: string): Promise<void> => {
  await composer().fill(words);
  await button('Send').click();
};
/** Which versions of the app this page has files of. */
const versions = (): Promise<readonly string[]> =>
  page.evaluate(() => [
    ...new Set(
      performance
        .getEntriesByType('resource')
        .flatMap(({ name }) => /\/assets\/.*-(old|new)[\w-]{8}\.(?:js|css)$/.exec(name)?.[1] ?? []),
    ),
  ]);

test('a task is under way, another one waits on the phone, and a third is being written', async () => {
  const { code, claimed } = await desk.offer();
  await page.goto(`${stack.url}/pair#${code}`);
  await page.getByLabel('E-mail').fill('ann@example.org');
  await page.getByLabel('Password').fill(PASSWORD);
  await button('Create account').click();
  const uri = await page.getByRole('link', { name: 'Open in authenticator' }).getAttribute('href');
  await page.getByLabel('Six-digit code').fill(codeOf(new URL(uri ?? '').searchParams.get('secret') ?? ''));
  await (await claimed).allow();
  await button('Send the first task').click();
  await page.getByText('Nothing sent yet').waitFor();
  await page.evaluate(async () => navigator.serviceWorker.ready.then(() => true));
  await page.goto(stack.url);
  await send('under way');
  ({ id: task } = await desk.hears('task'));
  await desk.tell(task, { kind: 'state', state: { is: 'running' } });
  await page.getByText('Working on Studio-PC').waitFor();
  await page.route('**/envelopes', (route) => route.abort());
  await button('Back').click();
  await send('waits on the phone');
  await button('Back').click();
  await composer().fill('being written');
  expect(await versions()).toEqual(['old']);
});

test('an open page says that the app was updated, also in place of a part of it that is gone', async () => {
  rmSync(folder, { recursive: true });
  rebuild(dist, folder, 'new');
  await page.evaluate(async () => void (await (await navigator.serviceWorker.ready).update()));
  const said = page.getByRole('status').getByText(en.update.done);
  await said.waitFor();
  expect(await composer().inputValue()).toBe('being written');
  // A part of the app that this page has not used yet.
  await button('Settings').click();
  await page.waitForURL('**/settings');
  await said.waitFor();
  expect(await page.getByText(en.update.missing).count()).toBe(0);
  expect(await button('Reload').count()).toBe(1);
  expect(await versions()).toEqual(['old']);
});

test('the reloaded page is wholly the new one, and has everything that the old one had', async () => {
  await button('Reload').click();
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  expect(await page.locator('meta[name=version]').getAttribute('content')).toBe('new');
  expect(await page.getByText(en.update.done).count()).toBe(0);
  await button('Back').click();
  await until(
    () => composer().inputValue(),
    (words) => words === 'being written',
  );
  await page.unroute('**/envelopes');
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await desk.tell(task, { kind: 'state', state: { is: 'ended', fate: 'done' } });
  const rows = page.getByRole('list', { name: 'Your errands' });
  await rows.getByText('Done').waitFor();
  await rows.getByText('At the relay').waitFor();
  const heard = await desk.hear();
  const words = heard.flatMap(({ body }) => (body.kind === 'task' ? [body.text] : []));
  expect(words).toEqual(['under way', 'waits on the phone']);
  expect(await versions()).toEqual(['new']);
  record({ is: 'faults', run: 'bad input', tasks: 3, injected: 1, lost: 0, repeated: 0 });
});

test('without a service worker, a part that is gone is said to be missing, and nothing reloads by itself', async () => {
  const bare = await browser.newContext({ serviceWorkers: 'block' });
  const lost = await bare.newPage();
  await lost.route('**/assets/welcome-*', (route) => route.abort());
  await lost.goto(stack.url);
  await lost.getByText(en.update.missing).waitFor();
  expect(await lost.getByRole('button', { name: 'Reload' }).count()).toBe(1);
  await bare.close();
});

test('a page that is older than the data says that it was updated', async () => {
  const older = await context.newPage();
  await older.goto(`${stack.url}/icon-192.png`);
  await page.close();
  await older.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const opening = indexedDB.open('errand', 1000);
        opening.onsuccess = () => {
          opening.result.close();
          resolve();
        };
      }),
  );
  await older.goto(stack.url);
  await older.getByRole('alert').getByText('Errand was updated. Reload.').waitFor();
});
