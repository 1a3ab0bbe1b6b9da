import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { phoneContext, startChromium } from '../support/chromium.ts';
import type { TestStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { appStack } from './support/app-stack.ts';
import { codeOf, PASSWORD } from './support/bun-phone.ts';
import type { webLock as WebLock } from '../../mobile/link/lock.ts';
import { newDesk, seenNow, type Claimed, type Desk } from './support/desk.ts';

/* Two tabs and the service worker of one phone, at once. In order: one story. */

let stack: TestStack;
let desk: Desk;
let browser: Browser;
let context: BrowserContext;
let one: Page;
let two: Page;
let claimed: Claimed;

beforeAll(async () => {
  stack = await appStack();
  desk = await newDesk(stack);
  browser = await startChromium();
  context = await phoneContext(browser);
  await context.grantPermissions(['notifications'], { origin: stack.url });
  [one, two] = [await context.newPage(), await context.newPage()];
});
afterAll(async () => {
  await browser.close();
  await stack.stop();
});

const both = (look: (page: Page) => Promise<unknown>): Promise<unknown[]> => Promise.all([look(one), look(two)]);
const write = async (page: Page, words: string): Promise<void> => {
  await page.getByLabel('What should your desktop do?').fill(words);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
};
/** The id of the task with these words, once the desk heard it. */
const heardAs = async (words: string): Promise<string> => {
  const all = await until(
    () => desk.hear(),
    (said) => said.some(({ body }) => body.kind === 'task' && body.text === words),
  );
  return all.find(({ body }) => body.kind === 'task' && body.text === words)?.id ?? '';
};
const ended = { kind: 'state', state: { is: 'ended', fate: 'done' } };

test('who signs up and pairs in one tab is there in the other', async () => {
  const { code, claimed: waiting } = await desk.offer();
  await two.goto(stack.url);
  await two.getByLabel('E-mail').waitFor();
  await one.goto(`${stack.url}/pair#${code}`);
  await one.getByLabel('E-mail').fill('ann@example.org');
  await one.getByLabel('Password').fill(PASSWORD);
  await one.getByRole('button', { name: 'Create account' }).click();
  const uri = await one.getByRole('link', { name: 'Open in authenticator' }).getAttribute('href');
  await two.getByRole('heading', { name: 'Protect your account' }).waitFor();
  const secret = new URL(uri ?? '').searchParams.get('secret') ?? '';
  await one.getByLabel('Six-digit code').fill(codeOf(secret));
  claimed = await waiting;
  await claimed.allow();
  await one.getByRole('button', { name: 'Send the first task' }).click();
  await both((page) => page.getByText('Nothing sent yet').waitFor());
});

test('what one tab sends the other shows, once, and both follow it to its end', async () => {
  await desk.say(seenNow(), { c: 'seen' });
  await both((page) => page.getByText('Studio-PC: Ready').waitFor());
  await write(one, 'tidy the desk');
  await two.getByRole('list', { name: 'Your errands' }).getByText('tidy the desk').click();
  const id = await heardAs('tidy the desk');
  await desk.tell(id, { kind: 'state', state: { is: 'running' } });
  await both((page) => page.getByText('Working on Studio-PC').waitFor());
  await desk.tell(id, { kind: 'step', n: 1, tool: 'look', title: 'Look into ~/Desk', state: 'done' });
  await both((page) => page.getByText('Look into ~/Desk').waitFor());
  await desk.say({ kind: 'live', t: id, text: 'It is nearly' }, { c: `live ${id}` });
  await both((page) => page.getByLabel('Writing').getByText('It is nearly').waitFor());
  await desk.tell(id, { kind: 'result', text: 'It is tidy.', files: [], by: 'desk', untrusted: false });
  await desk.tell(id, ended);
  await both(async (page) => {
    await page.getByText('Done', { exact: true }).waitFor();
    expect(await page.getByRole('region', { name: 'Result' }).count()).toBe(1);
    expect(await page.getByRole('article').count()).toBe(1);
  });
});

test('a tab that was killed while it had the lock leaves it to the other', async () => {
  await one.goto(stack.url);
  // A pull that never ends, and with it the lock.
  await one.route('**/inbox/pull', () => undefined);
  await one.evaluate(() => dispatchEvent(new Event('online')));
  await until(
    () => two.evaluate(async () => (await navigator.locks.query()).held?.map(({ name }) => name)),
    (held) => held?.includes('errand inbox') === true,
  );
  await write(two, 'is anybody there?');
  const id = await heardAs('is anybody there?');
  await desk.tell(id, { kind: 'state', state: { is: 'running' } });
  await one.close();
  await two.getByText('Working on Studio-PC').waitFor();
  one = await context.newPage();
  await one.goto(stack.url);
});

/** The lock as the app has it, for a page without the app. */
async function lockScript(): Promise<string> {
  const entrypoints = [join(import.meta.dir, '../../mobile/link/lock.ts')];
  const { outputs } = await Bun.build({ entrypoints, format: 'esm' });
  return ((await outputs[0]?.text()) ?? '').replace(/export\s*\{[^}]*\};?/, 'globalThis.webLock = webLock;');
}

test('a frozen tab is robbed of its lock, and finishes in peace when it thaws', async () => {
  const script = await lockScript();
  const [frozen, awake] = [await context.newPage(), await context.newPage()];
  for (const page of [frozen, awake]) {
    await page.goto(`${stack.url}/icon-192.png`);
    await page.evaluate(script);
  }
  const hold = (page: Page, patience: number, ms: number): Promise<string> =>
    page.evaluate(
      async ([wait, long]) => {
        const { webLock } = globalThis as unknown as { webLock: typeof WebLock };
        return webLock(navigator.locks, wait)('inbox of a test', async () => {
          await new Promise((resolve) => setTimeout(resolve, long));
          return 'done';
        });
      },
      [patience, ms] as const,
    );
  const first = hold(frozen, 60_000, 50);
  const cdp = await context.newCDPSession(frozen);
  await cdp.send('Page.setWebLifecycleState', { state: 'frozen' });
  expect(await hold(awake, 300, 1)).toBe('done');
  await cdp.send('Page.setWebLifecycleState', { state: 'active' });
  expect(await first).toBe('done');
  await Promise.all([frozen.close(), awake.close()]);
});

test('a push with two tabs open is one notification, and a silent one, for somebody is looking', async () => {
  await both((page) => page.goto(stack.url));
  const id = await heardAs('is anybody there?');
  const push = await pushTo(one);
  const said = { kind: 'headline', t: id, what: 'done', title: 'Somebody is', text: 'Come in' };
  const sealed = await desk.seal(said);
  await push(JSON.stringify({ e: sealed }));
  await push(JSON.stringify({ e: sealed }));
  const shown = () =>
    two.evaluate(async () => {
      const all = await (await navigator.serviceWorker.ready).getNotifications();
      return all.map(({ title, silent }) => ({ title, silent }));
    });
  expect(await until(shown, ({ length }) => length > 0)).toEqual([{ title: 'Somebody is', silent: true }]);
});

test('a push is shown in time although a page that does not move holds the lock', async () => {
  const stuck = await context.newPage();
  await stuck.goto(`${stack.url}/icon-192.png`);
  await stuck.evaluate(() => {
    void navigator.locks.request('errand inbox', { steal: true }, () => new Promise(() => undefined));
  });
  const push = await pushTo(two);
  await push(JSON.stringify({ q: 1 }));
  await until(
    () =>
      two.evaluate(async () =>
        (await (await navigator.serviceWorker.ready).getNotifications()).map(({ body }) => body),
      ),
    (bodies) => bodies.includes('Something new on your desktop'),
  );
  await stuck.close();
});

test('two tabs that renew the session at the same moment stay signed in', async () => {
  for (let round = 0; round < 3; round++) {
    const before = await sessionOf(one);
    await one.evaluate(ageSession);
    await both((page) => page.evaluate(() => dispatchEvent(new Event('online'))));
    await until(
      () => sessionOf(one),
      (session) => session !== before,
    );
    const words = `after renewal ${round}`;
    await write(two, words);
    await heardAs(words);
    await both((page) => page.goto(stack.url));
    await both((page) => page.getByRole('list', { name: 'Your errands' }).getByText(words).waitFor());
  }
});

test('who signs out in one tab is signed out in the other', async () => {
  await one.goto(`${stack.url}/settings`);
  await one.getByRole('button', { name: 'Sign out' }).click();
  await both((page) => page.getByRole('heading', { name: 'Send your desktop on errands' }).waitFor());
});

/** The access token that is kept. */
const sessionOf = (page: Page): Promise<string> =>
  page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        const opening = indexedDB.open('errand');
        opening.onsuccess = () => {
          const asking = opening.result.transaction('meta').objectStore('meta').get('auth:session');
          asking.onsuccess = () => {
            opening.result.close();
            resolve(String(JSON.parse(String(asking.result)).access_token));
          };
        };
      }),
  );

/** Runs in the page: the session is over as far as this phone can tell. */
const ageSession = (): Promise<void> =>
  new Promise<void>((resolve) => {
    const opening = indexedDB.open('errand');
    opening.onsuccess = () => {
      const tx = opening.result.transaction('meta', 'readwrite');
      const store = tx.objectStore('meta');
      const asking = store.get('auth:session');
      asking.onsuccess = () => {
        const session: object = JSON.parse(String(asking.result));
        store.put(JSON.stringify({ ...session, expires_at: 1 }), 'auth:session');
      };
      tx.oncomplete = () => {
        opening.result.close();
        resolve();
      };
    };
  });

/** Delivers push messages to the service worker as the browser's push service would. */
async function pushTo(target: Page): Promise<(data: string) => Promise<unknown>> {
  await target.evaluate(async () => navigator.serviceWorker.ready.then(() => true));
  const cdp = await context.newCDPSession(target);
  const found = Promise.withResolvers<string>();
  cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
    for (const { registrationId, scopeURL } of registrations)
      if (scopeURL.startsWith(stack.url)) found.resolve(registrationId);
  });
  await cdp.send('ServiceWorker.enable');
  const registrationId = await found.promise;
  return (data) => cdp.send('ServiceWorker.deliverPushMessage', { origin: stack.url, registrationId, data });
}
