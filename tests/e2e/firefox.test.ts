import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { ElementHandle, Page } from 'puppeteer-core';
import { TOTP } from 'otpauth';
import { startAutopush, type Autopush } from '../support/autopush.ts';
import { appOf, EMAIL, linkOf, newDesktop, PASSWORD, phoneFor, type Desktop } from '../support/desktop.ts';
import { startFirefox } from '../support/firefox.ts';
import { until } from '../support/until.ts';

/* Firefox ESR with its real push client: real subscription, real encryption, a notification while no page is open. */

let desktop: Desktop;
let autopush: Autopush;
let firefox: Awaited<ReturnType<typeof startFirefox>>;
let secret = '';

beforeAll(async () => {
  autopush = startAutopush();
  desktop = newDesktop({ ERRAND_PUSH_ALLOW_LOOPBACK: '1' });
  await desktop.start();
  firefox = await startFirefox({ pushUrl: autopush.url });
  const elsewhere = await phoneFor(desktop, 'Elsewhere');
  await elsewhere.account.signUp({ email: EMAIL, password: PASSWORD });
  const factor = await elsewhere.account.enrol();
  await elsewhere.account.verify(new TOTP({ secret: factor.secret }).generate(), factor.factorId);
  secret = factor.secret;
  await elsewhere.stop();
});
afterAll(async () => {
  await firefox.stop();
  await desktop.clear();
  autopush.stop();
});

/** The button or field with the name a person sees. (Puppeteer's own look-up by role and name does not work in Firefox.) */
async function named(page: Page, name: string): Promise<ElementHandle<HTMLElement>> {
  const handle = await page.waitForFunction(
    (wanted) => {
      const label = [...document.querySelectorAll('label')].find((each) => each.textContent?.trim() === wanted);
      const controls = [...document.querySelectorAll<HTMLElement>('button, [aria-label]')];
      const found = controls.find((each) => (each.ariaLabel ?? each.textContent?.trim()) === wanted);
      return label ? document.querySelector<HTMLElement>(`#${CSS.escape(label.htmlFor)}`) : found;
    },
    {},
    name,
  );
  return handle as ElementHandle<HTMLElement>;
}
const press = async (page: Page, name: string): Promise<void> => (await named(page, name)).click();
const type = async (page: Page, name: string, words: string): Promise<void> => (await named(page, name)).type(words);

test('an owner signs in, pairs and sends in Firefox, closes the page, and gets the real push', async () => {
  const page = await firefox.browser.newPage();
  await page.goto(await linkOf(desktop));
  await press(page, 'I have an account');
  await type(page, 'E-mail', EMAIL);
  await type(page, 'Password', PASSWORD);
  await press(page, 'Sign in');
  // A code is good once: the one that signed up is spent, so this is the next one.
  await type(page, 'Six-digit code', new TOTP({ secret }).generate({ timestamp: Date.now() + 30_000 }));
  const shown = await named(page, 'Digits to compare');
  const digits = await shown.evaluate((element) => element.textContent);
  await desktop.hears(new RegExp(`It shows ${digits?.trim()}`));
  desktop.press('a');
  await press(page, 'Send the first task');

  await desktop.errand('stop');
  await type(page, 'What should your desktop do?', 'Summarise the PDFs in ~/Errand/sample into ~/Errand/summary.docx');
  await press(page, 'Send');
  await page.waitForFunction(() => document.body.textContent?.includes('At the relay'));
  const subscribed = await until(
    () =>
      page.evaluate(
        async () => (await (await navigator.serviceWorker.ready).pushManager.getSubscription())?.endpoint ?? '',
      ),
    (endpoint) => endpoint !== '',
  );
  expect(subscribed).toStartWith('http://127.0.0.1:');
  await page.goto('about:blank');
  await page.close();

  await desktop.errand('up');
  await until(
    () => autopush.delivered.length,
    (count) => count > 0,
  );
  expect(autopush.delivered[0]).toMatchObject({ encoding: 'aes128gcm' });
  const later = await firefox.browser.newPage();
  await later.goto(`${await appOf(desktop)}/favicon.ico`).catch(() => undefined);
  const titles = await until(
    () =>
      later.evaluate(async () => {
        const registration = await navigator.serviceWorker.getRegistration('/');
        return ((await registration?.getNotifications()) ?? []).map(({ title }) => title);
      }),
    (found) => found.length > 0,
  );
  expect(titles[0]).toStartWith('Done: Summarise the PDFs');
});
