import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Browser, Page } from 'playwright-core';
import { phoneContext, startChromium } from '../support/chromium.ts';
import { appOf, codeFor, EMAIL, newDesktop, PASSWORD } from '../support/desktop.ts';
import { addSecondFactor, sendTask, signUp } from '../support/app.ts';

/*
 * A lost authenticator, through the real app and the real stack: codes are offered after the first result, one of them lets the owner
 * in again, the phone is paired as before; without any code left the relay's own desk helps.
 */

const NEXT = 'another battery staple';
const LAST = 'the last battery staple';

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

async function signIn(page: Page, password: string): Promise<void> {
  await page.getByLabel('Password').fill(password);
  await button(page, 'Sign in').click();
  await page.getByRole('heading', { name: 'Second factor' }).waitFor();
}

async function signOut(page: Page, app: string): Promise<void> {
  await page.goto(`${app}/settings`);
  await button(page, 'Sign out').click();
  await page.getByLabel('E-mail').fill(EMAIL);
}

async function replaceFactor(page: Page, recovery: { code: string; password: string }): Promise<void> {
  await button(page, 'Lost your authenticator?').click();
  await page.getByLabel('Recovery code').fill(recovery.code);
  await page.getByLabel('New password').fill(recovery.password);
  await button(page, 'Remove the old authenticator').click();
  await page.getByRole('heading', { name: 'Protect your account' }).waitFor();
  await addSecondFactor(page);
  await page.getByLabel('What should your desktop do?').waitFor();
}

test('who lost the authenticator is back with a recovery code, and without any with one from the desk', async () => {
  const desktop = newDesktop();
  desktop.put('Inbox/note.txt', 'hello');
  const context = await phoneContext(browser);
  try {
    await desktop.start();
    const app = await appOf(desktop);
    const page = await context.newPage();
    await signUp(page, desktop);
    expect(await page.getByText('Save your recovery codes').count()).toBe(0);
    await sendTask(page, 'Find text files in ~/Inbox');
    await page.getByRole('region', { name: 'Result' }).waitFor({ timeout: 60_000 });
    const card = page.getByRole('region', { name: 'Save your recovery codes' });
    await card.getByRole('button', { name: 'Show codes' }).click();
    await card.getByRole('button', { name: 'I have saved them' }).waitFor();
    const codes = await card.locator('code').allTextContents();
    expect(codes).toHaveLength(10);
    await card.getByRole('button', { name: 'I have saved them' }).click();
    await card.waitFor({ state: 'detached' });
    await page.reload();
    await page.getByRole('region', { name: 'Result' }).waitFor();
    expect(await card.count()).toBe(0);

    await signOut(page, app);
    await signIn(page, PASSWORD);
    await replaceFactor(page, { code: codes[0]?.toLowerCase() ?? '', password: NEXT });
    await sendTask(page, 'Find text files in ~/Inbox again');
    await page.getByRole('region', { name: 'Result' }).waitFor({ timeout: 60_000 });

    await signOut(page, app);
    const { said } = await desktop.errand('recover', EMAIL);
    const [, passwordCode = '', code = ''] = /password\s+(\S+)[^]*authenticator\s+(\S+)/.exec(said) ?? [];
    await button(page, 'Forgot the password?').click();
    await button(page, 'Get a code').click();
    await page.getByLabel('Code', { exact: true }).fill(passwordCode);
    await button(page, 'Continue').click();
    await page.getByRole('heading', { name: 'Second factor' }).waitFor();
    await replaceFactor(page, { code, password: LAST });
  } finally {
    await context.close();
    await desktop.clear();
  }
});

test('a forgotten password is chosen anew with the code at the desk and the authenticator', async () => {
  const desktop = newDesktop();
  const context = await phoneContext(browser);
  try {
    await desktop.start();
    const app = await appOf(desktop);
    const page = await context.newPage();
    const secret = await signUp(page, desktop);
    await signOut(page, app);
    await button(page, 'Forgot the password?').click();
    await button(page, 'Get a code').click();
    const code = await desktop.hears(/reset the password of \S+ (\S+)/);
    await page.getByLabel('Code', { exact: true }).fill(code);
    await button(page, 'Continue').click();
    await page.getByRole('heading', { name: 'Second factor' }).waitFor();
    // No code of the authenticator is good twice: the one of the next step is taken already.
    await page.getByLabel('Six-digit code').fill(codeFor(secret, Date.now() + 30_000));
    await page.getByRole('heading', { name: 'Choose a new password' }).waitFor();
    await page.getByLabel('New password').fill(NEXT);
    await button(page, 'Change password').click();
    await page.getByLabel('What should your desktop do?').waitFor();
  } finally {
    await context.close();
    await desktop.clear();
  }
});
