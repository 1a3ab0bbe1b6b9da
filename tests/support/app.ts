import type { Page } from 'playwright-core';
import { codeFor, EMAIL, linkOf, PASSWORD, type Desktop } from './desktop.ts';

/*
 * What a person does in the app, by the names a person sees. Each function is one act.
 */

/** Opens the first-start link. */
export async function openLink(page: Page, desktop: Desktop): Promise<void> {
  await page.goto(await linkOf(desktop));
  await page.getByRole('heading', { name: 'Send your desktop on errands' }).waitFor();
}

/** Types e-mail and password and creates the account. */
export async function createAccount(page: Page): Promise<void> {
  await page.getByLabel('E-mail').fill(EMAIL);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByRole('heading', { name: 'Protect your account' }).waitFor();
}

/** Adds the account to an authenticator and types its code. Resolves with the factor's secret. */
export async function addSecondFactor(page: Page): Promise<string> {
  const uri = await page.getByRole('link', { name: 'Open in authenticator' }).getAttribute('href');
  const secret = new URL(uri ?? '').searchParams.get('secret') ?? '';
  await page.getByLabel('Six-digit code').fill(codeFor(secret));
  return secret;
}

/** Compares the digits on both screens and presses the key at the desk. */
export async function allowAtDesk(page: Page, desktop: Desktop): Promise<void> {
  const digits = (await page.getByLabel('Digits to compare').textContent()) ?? '';
  await desktop.hears(new RegExp(`It shows ${digits.trim()}`));
  desktop.press('a');
  await page.getByRole('button', { name: 'Send the first task' }).click();
  await page.getByLabel('What should your desktop do?').waitFor();
}

/** From the printed link to a composer that can send. */
export async function signUp(page: Page, desktop: Desktop): Promise<string> {
  await openLink(page, desktop);
  await createAccount(page);
  const secret = await addSecondFactor(page);
  await allowAtDesk(page, desktop);
  return secret;
}

export async function sendTask(page: Page, words: string): Promise<void> {
  await page.getByLabel('What should your desktop do?').fill(words);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
}
