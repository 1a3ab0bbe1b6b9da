import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import type { Browser, Page } from 'playwright-core';
import { en } from '../../mobile/words/en.ts';
import { sendTask, signUp } from '../support/app.ts';
import { phoneContext, startChromium } from '../support/chromium.ts';
import { appOf, codeFor, EMAIL, newDesktop, PASSWORD } from '../support/desktop.ts';
import { record } from '../support/evidence.ts';
import { startFakeModel, taskText, text, type FakeModel } from '../support/fake-model.ts';

/* The browser takes a phone's data away while its desktop works: through the real app, the real stack and the real agent. */

setDefaultTimeout(120_000);

let browser: Browser;
let model: FakeModel;
const { promise: released, resolve: release } = Promise.withResolvers<void>();
beforeAll(async () => {
  browser = await startChromium();
  model = startFakeModel((request) =>
    taskText(request).includes('Slow') ? [{ after: released, play: text('It took long.') }] : [text('At once.')],
  );
});
afterAll(async () => {
  await browser.close();
  await model.stop();
});

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

test('it says what happened and how to go on; the running errand goes on, and comes back with the others', async () => {
  const desktop = newDesktop({ ANTHROPIC_API_KEY: 'test', ANTHROPIC_BASE_URL: model.url });
  const context = await phoneContext(browser);
  try {
    await desktop.start();
    const app = await appOf(desktop);
    const first = await context.newPage();
    const secret = await signUp(first, desktop);
    await sendTask(first, 'Quick');
    await first.getByText('At once.').waitFor();
    await button(first, 'Back').click();
    await sendTask(first, 'Slow');
    await first.getByText(/^Working on/).waitFor();
    await first.close();

    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    // What Chromium evicts for room.
    const storageTypes = 'indexeddb,cache_storage,service_workers,file_systems,websql';
    await cdp.send('Storage.clearDataForOrigin', { origin: app, storageTypes });
    release();
    await page.goto(app);
    await page.getByText(en.account.gone).waitFor();
    await page.getByLabel('E-mail').fill(EMAIL);
    await page.getByLabel('Password').fill(PASSWORD);
    await button(page, 'Sign in').click();
    // No code is good twice.
    await page.getByLabel('Six-digit code').fill(codeFor(secret, Date.now() + 30_000));
    await page.getByText(en.pair.lost).waitFor();
    const terminal = desktop.open('pair');
    const link = await terminal.hears(/(http\S+\/pair#\S+)/);
    await page.getByLabel('Pairing code').fill(link);
    await button(page, 'Connect').click();
    const digits = (await page.getByLabel('Digits to compare').textContent()) ?? '';
    await terminal.hears(new RegExp(`It shows ${digits.trim()}`));
    terminal.press('ha');
    await button(page, 'Send the first task').click();
    await page.getByText(en.pair.lost).waitFor({ state: 'detached' });
    const rows = page.getByRole('list', { name: 'Your errands' });
    await rows.getByText('Quick').waitFor();
    await rows.getByText('Slow').click();
    await page.getByText('It took long.').waitFor();
    expect(await page.getByText(en.account.gone).count()).toBe(0);
    await terminal.end();

    await page.goto(`${app}/settings`);
    await button(page, 'Forget everything on this phone').click();
    await button(page, 'Forget everything on this phone').click();
    await page.getByRole('heading', { name: 'Send your desktop on errands' }).waitFor();
    await page.reload();
    await page.getByLabel('E-mail').waitFor();
    expect(await page.getByText(en.account.gone).count()).toBe(0);
    record({ is: 'faults', run: 'bad input', tasks: 2, injected: 1, lost: 0, repeated: 0 });
  } finally {
    await context.close();
    await desktop.clear();
  }
});
