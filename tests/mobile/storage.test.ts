import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { phoneContext, startChromium } from '../support/chromium.ts';
import type { TestStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { appStack } from './support/app-stack.ts';
import { codeOf, PASSWORD } from './support/bun-phone.ts';
import { newDesk, type Desk } from './support/desk.ts';

/* A phone that has no room left, or keeps nothing at all, in a real browser. */

let stack: TestStack;
let desk: Desk;
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  stack = await appStack();
  desk = await newDesk(stack);
  browser = await startChromium();
  context = await phoneContext(browser);
  page = await context.newPage();
  const { code, claimed } = await desk.offer();
  await page.goto(`${stack.url}/pair#${code}`);
  await page.getByLabel('E-mail').fill('ann@example.org');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
  const uri = await page.getByRole('link', { name: 'Open in authenticator' }).getAttribute('href');
  await page.getByLabel('Six-digit code').fill(codeOf(new URL(uri ?? '').searchParams.get('secret') ?? ''));
  await (await claimed).allow();
  await page.getByRole('button', { name: 'Send the first task' }).click();
  await page.getByText('Nothing sent yet').waitFor();
});
afterAll(async () => {
  await browser.close();
  await stack.stop();
});

/** Takes the room away, and waits until the browser acts on it. Resolves with the way to give it back. */
async function fill(): Promise<() => Promise<unknown>> {
  const cdp = await context.newCDPSession(page);
  const origin = stack.url;
  await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
  await until(
    () => page.evaluate(writeSomething),
    (fault) => fault === 'QuotaExceededError',
  );
  return () => cdp.send('Storage.overrideQuotaForOrigin', { origin });
}

/** Runs in the page. Resolves with the name of what went wrong. */
const writeSomething = (): Promise<string | undefined> =>
  new Promise((resolve) => {
    const opening = indexedDB.open('errand');
    opening.onsuccess = () => {
      const tx = opening.result.transaction('meta', 'readwrite');
      const over = (): void => {
        opening.result.close();
        resolve(tx.error?.name);
      };
      tx.oncomplete = over;
      tx.onabort = over;
      tx.objectStore('meta').put(1, 'of a test');
    };
  });

const composer = () => page.getByLabel('What should your desktop do?');

test('without room it says so; what is written and what comes is not lost, and goes on with room again', async () => {
  await composer().fill('before that');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  const { id } = await desk.hears('task');
  await page.goto(stack.url);
  const empty = await fill();
  await desk.tell(id, { kind: 'state', state: { is: 'running' } });
  await composer().fill('make room');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByRole('alert').getByText('This phone has no room left').waitFor();
  expect(await composer().inputValue()).toBe('make room');
  await empty();
  await page.getByText('Working on Studio-PC').waitFor();
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByText('At the relay').waitFor();
  const heard = await until(
    () => desk.hear(),
    (all) => all.some(({ body }) => body.kind === 'task' && body.text === 'make room'),
  );
  expect(heard.filter(({ body }) => body.kind === 'task').length).toBe(2);
});

test('a browser that keeps nothing is told as that, instead of an empty page', async () => {
  const other = await phoneContext(browser);
  await other.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException('not here', 'SecurityError');
    };
  });
  const broken = await other.newPage();
  await broken.goto(stack.url);
  await broken.getByRole('alert').getByText('This browser does not let Errand keep anything').waitFor();
  await other.close();
});
