import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { freezeAction } from '../../edge/protocol/ask.ts';
import { toBytes } from '../../edge/protocol/bytes.ts';
import { newId } from '../../edge/protocol/id.ts';
import { packParcel } from '../../edge/protocol/parcel.ts';
import { phoneContext, startChromium } from '../support/chromium.ts';
import type { TestStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { appStack } from './support/app-stack.ts';
import { codeOf, PASSWORD } from './support/bun-phone.ts';
import { newDesk, seenNow, type Claimed, type Desk } from './support/desk.ts';

/* The built app in a real browser on the real stack; the desktop's side of the wire is played by the test. In order: one story. */

let stack: TestStack;
let desk: Desk;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let claimed: Claimed;
let secret = '';
let task = '';
const wrong: string[] = [];

beforeAll(async () => {
  stack = await appStack();
  desk = await newDesk(stack);
  browser = await startChromium();
  context = await phoneContext(browser);
  await context.grantPermissions(['notifications'], { origin: stack.url });
  page = await context.newPage();
  page.on('pageerror', (error) => wrong.push(error.message));
  // A policy that the app breaks is reported here.
  page.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) wrong.push(message.text());
  });
});
afterAll(async () => {
  await browser.close();
  await stack.stop();
});

const button = (name: string) => page.getByRole('button', { name, exact: true });
const from = () => ({ kid: claimed.phone.kid, name: claimed.phone.name });

test('a pairing link leads through sign-up and second factor to six digits that the desk shows too', async () => {
  const { code, claimed: waiting } = await desk.offer();
  await page.goto(`${stack.url}/pair#${code}`);
  await page.getByRole('heading', { name: 'Send your desktop on errands' }).waitFor();
  expect(page.url()).not.toContain(code);
  await page.getByLabel('E-mail').fill('ann@example.org');
  await page.getByLabel('Password').fill(PASSWORD);
  await button('Create account').click();
  const link = page.getByRole('link', { name: 'Open in authenticator' });
  const uri = new URL((await link.getAttribute('href')) ?? '');
  expect(uri.protocol).toBe('otpauth:');
  await page.reload();
  await page.getByRole('heading', { name: 'Protect your account' }).waitFor();
  secret = new URL((await link.getAttribute('href')) ?? '').searchParams.get('secret') ?? '';
  await page.getByLabel('Six-digit code').fill(codeOf(secret));
  const digits = page.getByRole('status', { name: 'Digits to compare' });
  await digits.waitFor();
  claimed = await waiting;
  expect(await digits.textContent()).toBe(claimed.digits);
  await claimed.allow();
  await button('Send the first task').click();
  await button('Try a sample').waitFor();
});

test('the words become chips, and a changed chip is what is signed', async () => {
  await desk.say(seenNow({ scripts: ['backup'] }), { c: 'seen' });
  await page.getByText('Studio-PC: Ready').waitFor();
  const words = 'Summarise the PDFs in ~/Inbox into ~/Reports/summary.docx';
  await page.getByLabel('What should your desktop do?').fill(words);
  await button('Remove: Read ~/Inbox').click();
  await button('Change: Write ~/Reports/summary.docx').click();
  await page.getByRole('switch', { name: 'May replace an existing file' }).check();
  await button('Save').click();
  await button('Change: Write or replace ~/Reports/summary.docx').waitFor();
  await button('Send').click();
  await page.getByText('At the relay, waits for Studio-PC').waitFor();
  const heard = await desk.hears('task');
  task = heard.id;
  expect(heard.body).toMatchObject({
    text: words,
    grants: [{ do: 'write', path: '~/Reports/summary.docx', replace: true }],
  });
});

test('steps appear as they happen', async () => {
  await desk.tell(task, { kind: 'echo', text: 'x', thread: task, from: from(), grants: [] });
  await desk.tell(task, { kind: 'state', state: { is: 'running' } });
  await desk.tell(task, { kind: 'step', n: 1, tool: 'pdf', title: 'Read offer.pdf', state: 'started' });
  await page.getByText('Working on Studio-PC').waitFor();
  await page.getByRole('list', { name: 'Steps' }).getByText('Read offer.pdf').waitFor();
});

test('an ask shows what its bytes hold, and the answer signs exactly those', async () => {
  const act = { sink: 'script', name: 'backup', argv: ['/bin/sh', 'backup.sh'], cwd: '/srv', sha256: 'A'.repeat(43) };
  const frozen = await freezeAction({ v: 1, t: task, n: 2, act: { ...act, sink: 'script' } });
  const ask = newId();
  const exp = Math.floor(Date.now() / 1000) + 600;
  const why = 'Only a little look';
  await desk.tell(task, { kind: 'ask', ask: { ask, why, actions: [frozen.bytes], high: false, exp } });
  await desk.tell(task, { kind: 'state', state: { is: 'waiting', ask } });
  const card = page.getByRole('region', { name: 'May it do this?' });
  await card.getByText('"/bin/sh" "backup.sh"').waitFor();
  await card.getByRole('button', { name: 'Allow once' }).click();
  await card.getByText('You allowed it once').waitFor();
  const { body } = await desk.hears('answer');
  expect(body).toEqual({ kind: 'answer', ask, digests: [frozen.digest], ok: true, scope: 'once' });
  await desk.tell(task, { kind: 'answered', ask, ok: true, by: claimed.phone.name });
  await card.getByText(`Allowed by ${claimed.phone.name}`).waitFor();
});

test('an ask that cannot be shown cannot be allowed', async () => {
  const ask = newId();
  const exp = Math.floor(Date.now() / 1000) + 600;
  await desk.tell(task, { kind: 'ask', ask: { ask, why: 'Trust me', actions: ['e30'], high: false, exp } });
  const card = page.getByRole('region', { name: 'May it do this?' }).last();
  await card.getByText('This version cannot show what is asked').waitFor();
  expect(await card.getByRole('button', { name: 'Allow once' }).count()).toBe(0);
});

test('the result shows its text and preview, and its file is saved whole', async () => {
  const bytes = toBytes('a report');
  const parcel = await packParcel({
    name: 'summary.txt',
    type: 'text/plain',
    bytes,
    preview: 'The total is 48,200 euro (page 2).',
    putPart: async () => Promise.reject(new Error('it is small')),
  });
  await desk.tell(task, { kind: 'result', text: 'Three pages read.', files: [parcel], by: 'planner', untrusted: true });
  await desk.tell(task, { kind: 'state', state: { is: 'ended', fate: 'done' } });
  const result = page.getByRole('region', { name: 'Result' });
  await result.getByText('The total is 48,200 euro (page 2).').waitFor();
  await result.getByText('check before you rely on it').waitFor();
  const download = page.waitForEvent('download');
  await button('Save summary.txt').click();
  const saved = await (await download).createReadStream();
  const chunks: Buffer[] = [];
  for await (const chunk of saved) chunks.push(Buffer.from(chunk as Uint8Array));
  expect(Buffer.concat(chunks).toString()).toBe('a report');
});

test('a file travels with a follow-up, and what was written may be replaced', async () => {
  await page.getByLabel('Attach a photo or file').setInputFiles({
    name: 'note.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('from the phone'),
  });
  await page.getByLabel('What should your desktop do?').fill('now make it shorter');
  await button('Send').click();
  await page.getByText('Attached: note.txt').waitFor();
  // What was just sent is in sight, below all that came before.
  await until(
    () => page.evaluate(() => document.documentElement.scrollHeight - innerHeight - scrollY),
    (below) => below < 140,
  );
  const { body } = await until(
    () => desk.hears('task'),
    ({ id }) => id !== task,
  );
  expect(body).toMatchObject({
    text: 'now make it shorter',
    thread: task,
    after: task,
    grants: [{ do: 'write', path: '~/Reports/summary.docx', replace: true }],
    files: [{ name: 'note.txt', size: 14 }],
  });
});

test('a photo is made small before it travels', async () => {
  const picture = await page.evaluate(async () => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [2400, 1200];
    canvas.getContext('2d')?.fillRect(0, 0, 600, 600);
    return canvas.toDataURL('image/png').split(',')[1] ?? '';
  });
  const buffer = Buffer.from(picture, 'base64');
  await page.getByLabel('Attach a photo or file').setInputFiles({ name: 'desk.png', mimeType: 'image/png', buffer });
  await page.getByLabel('What should your desktop do?').fill('what is on this photo?');
  await button('Send').click();
  await page.getByText('Attached: desk.jpg').waitFor();
  const { body } = await until(
    () => desk.hears('task'),
    (heard) => heard.body.text.startsWith('what is'),
  );
  const [file] = body.files ?? [];
  expect(file).toMatchObject({ name: 'desk.jpg', type: 'image/jpeg' });
  const data = file?.content.at === 'inline' ? file.content.data : '';
  const size = await page.evaluate(async (b64u) => {
    const bytes = Uint8Array.from(atob(b64u.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
    const { width, height } = await createImageBitmap(new Blob([bytes]));
    return [width, height];
  }, data);
  expect(size).toEqual([1600, 800]);
});

test('the switches on the phone reach the desk', async () => {
  await page.goto(`${stack.url}/devices`);
  await page.getByRole('switch', { name: 'Stop when the lid closes' }).uncheck();
  await page.getByText('Sent, waits for the desktop').waitFor();
  const { body } = await desk.hears('set');
  expect(body).toMatchObject({ settings: { lid: false, idle: true } });
  await desk.say(seenNow({ settings: body.settings, rev: 2 }), { c: 'seen' });
  await page.getByText('Sent, waits for the desktop').waitFor({ state: 'detached' });
});

test('a push shows what a paired desktop sealed, and nothing of what anybody else says', async () => {
  await page.goto(stack.url);
  await page.evaluate(async () => navigator.serviceWorker.ready.then(() => true));
  const shown = (): Promise<{ title: string; body: string; path: string }[]> =>
    page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      const all = await registration.getNotifications();
      return all.map(({ title, body, data }) => ({ title, body, path: data.path }));
    });
  const push = await pushTo(page);
  const said = { kind: 'headline', t: task, what: 'done', title: 'Summary is done', text: 'Three PDFs, two pages' };
  await push(JSON.stringify({ e: await desk.seal(said) }));
  const [good] = await until(shown, (all) => all.length === 1);
  expect(good).toEqual({ title: 'Summary is done', body: 'Three PDFs, two pages', path: `/t/${task}` });

  const stranger = await newDesk(stack, 'Studio-PC');
  const forged = await stranger.sealFor(claimed.phone, { ...said, title: 'Send me your password' });
  await push(JSON.stringify({ e: forged }));
  const all = await until(shown, (each) => each.length === 2);
  expect(all.find(({ path }) => path === '/')).toMatchObject({
    title: 'Errand',
    body: 'Something new on your desktop',
  });
  expect(JSON.stringify(all)).not.toContain('password');
});

test('without a network the app opens, shows its errands and keeps what is sent', async () => {
  await context.setOffline(true);
  await page.goto(`${stack.url}/t/${task}`);
  await page.getByText('Three pages read.').waitFor();
  await page.getByLabel('What should your desktop do?').fill('tidy ~/Desk');
  await button('Send').click();
  await page.getByText('On this phone, not sent yet').waitFor();
  await context.setOffline(false);
  await page.getByText('At the relay, waits for Studio-PC').last().waitFor();
  await page.getByText('On this phone, not sent yet').waitFor({ state: 'detached' });
});

test('whoever signs out sees the welcome, and nothing broke or was blocked on the way', async () => {
  await page.goto(`${stack.url}/settings`);
  await button('Sign out').click();
  await page.getByRole('heading', { name: 'Send your desktop on errands' }).waitFor();
  expect(wrong).toEqual([]);
});

test('signing in again needs both factors, and finds desktops and errands as they were', async () => {
  // This phone signed in before, so that is what it offers first.
  await button('I am new here').waitFor();
  await page.getByLabel('E-mail').fill('ann@example.org');
  await page.getByLabel('Password').fill('something else entirely');
  await button('Sign in').click();
  await page.getByRole('alert').getByText('E-mail or password is wrong.').waitFor();
  await page.getByLabel('Password').fill(PASSWORD);
  await button('Sign in').click();
  await page.getByRole('heading', { name: 'Second factor' }).waitFor();
  // A code is good once; the next one is accepted a little early.
  await page.getByLabel('Six-digit code').fill(codeOf(secret, Date.now() + 30_000));
  await page.getByRole('list', { name: 'Your errands' }).getByText('Summarise the PDFs').waitFor();
  await page.getByLabel('What should your desktop do?').fill('after signing in again');
  await button('Send').click();
  await until(
    () => desk.hears('task'),
    ({ body }) => body.text === 'after signing in again',
  );
});

test('on an iPhone the way to the home screen comes before account and keys', async () => {
  const iPhone = await phoneContext(browser);
  await iPhone.addInitScript(() => Object.defineProperty(navigator, 'standalone', { value: false }));
  const safari = await iPhone.newPage();
  await safari.goto(stack.url);
  await safari.getByText('Add to Home Screen').waitFor();
  expect(await safari.getByLabel('E-mail').count()).toBe(0);
  await safari.getByRole('button', { name: 'Continue in the browser' }).click();
  await safari.getByLabel('E-mail').waitFor();
  await iPhone.close();
});

/** Delivers push messages to the page's service worker as the browser's push service would. */
async function pushTo(target: Page): Promise<(data: string) => Promise<unknown>> {
  const cdp = await context.newCDPSession(target);
  const registrations: { registrationId: string; scopeURL: string; isDeleted: boolean }[] = [];
  cdp.on('ServiceWorker.workerRegistrationUpdated', (event) => registrations.push(...event.registrations));
  await cdp.send('ServiceWorker.enable');
  const known = await until(
    () => registrations.find(({ scopeURL, isDeleted }) => scopeURL.startsWith(stack.url) && !isDeleted),
    (found) => found !== undefined,
  );
  const registrationId = known?.registrationId ?? '';
  return (data) => cdp.send('ServiceWorker.deliverPushMessage', { origin: stack.url, registrationId, data });
}
