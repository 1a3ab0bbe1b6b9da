import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { BrowserContext, Page } from 'playwright-core';
import { signUp } from '../support/app.ts';
import { phoneContext, startChromium } from '../support/chromium.ts';
import { appOf, newDesktop } from '../support/desktop.ts';

const dist = resolve(import.meta.dir, '..', '..', 'mobile', 'dist');

/** Milliseconds by which an access token is over: it lives an hour. */
const LATER = 7_200_000;

/** All JS and CSS that a cold browser fetches for a new page until `ready`, gzipped. */
async function fetchedBy(
  context: BrowserContext,
  app: string,
  { later, ready }: { later: number; ready: (page: Page) => Promise<unknown> },
): Promise<number[]> {
  const page = await context.newPage();
  // Nothing cached: only what is stored (session, keys) stays.
  const cdp = await context.newCDPSession(page);
  await cdp.send('Network.enable');
  await cdp.send('Network.setBypassServiceWorker', { bypass: true });
  await cdp.send('Network.clearBrowserCache');
  await page.addInitScript((ms) => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + ms;
  }, later);
  const fetched = new Set<string>();
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (/\.(js|css)$/.test(pathname)) fetched.add(pathname);
  });
  const isReady = ready(page);
  await page.goto(app);
  await isReady;
  const paths = [...fetched];
  await page.close();
  return paths.map((path) => gzipSync(readFileSync(join(dist, path)), { level: 9 }).length);
}

const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);
const threads = (page: Page): Promise<void> => page.getByLabel('What should your desktop do?').waitFor();

/** Until a signed-in threads screen can send, in bytes: with an access token that is good, and with one that must be renewed first. */
export async function measureFirstLoad(): Promise<Record<string, number>> {
  const desktop = newDesktop();
  const browser = await startChromium();
  try {
    await desktop.start();
    const app = await appOf(desktop);
    const context = await phoneContext(browser);
    const first = await context.newPage();
    await signUp(first, desktop);
    await first.close();
    const sizes = await fetchedBy(context, app, { later: 0, ready: threads });
    const expired = await fetchedBy(context, app, {
      later: LATER,
      ready: (page) => Promise.all([threads(page), page.waitForResponse(/\/auth\/v1\/token/)]),
    });
    return {
      first_load_gzip_bytes: sum(sizes),
      first_load_files: sizes.length,
      first_load_expired_gzip_bytes: sum(expired),
    };
  } finally {
    await browser.close();
    await desktop.clear();
  }
}
