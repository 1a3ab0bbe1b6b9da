import { expect, test } from 'bun:test';
import { phoneContext, startChromium } from '../support/chromium.ts';
import { appStack } from './support/app-stack.ts';
import { codeOf, PASSWORD } from './support/bun-phone.ts';

/* The built app in a real browser. */

test('a phone without any desktop, too, is led back to signing in when its session ended elsewhere', async () => {
  const relayClock = { aheadMs: 0 };
  const stack = await appStack({ relayClock: () => Date.now() + relayClock.aheadMs });
  const browser = await startChromium();
  try {
    const context = await phoneContext(browser);
    const page = await context.newPage();
    await page.goto(stack.url);
    await page.getByLabel('E-mail').fill('ann@example.org');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Create account' }).click();
    const link = page.getByRole('link', { name: 'Open in authenticator' });
    const uri = new URL((await link.getAttribute('href')) ?? '');
    await page.getByLabel('Six-digit code').fill(codeOf(uri.searchParams.get('secret') ?? ''));
    await page.getByRole('heading', { name: 'Connect a desktop' }).waitFor();
    await stack.sql`delete from auth.sessions`;
    relayClock.aheadMs = 2 * 3_600_000;
    await page.goto(`${stack.url}/account`);
    await page.getByText('You were signed out').waitFor();
    expect(await page.getByLabel('E-mail').inputValue()).toBe('ann@example.org');
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  } finally {
    await browser.close();
    await stack.stop();
  }
});
