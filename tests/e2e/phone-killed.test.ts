import { Database } from 'bun:sqlite';
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { addSecondFactor, allowAtDesk, createAccount } from '../support/app.ts';
import { startBadLine, type BadLine } from '../support/bad-line.ts';
import { appOf, linkOf, newDesktop, type Desktop } from '../support/desktop.ts';
import { record } from '../support/evidence.ts';
import { call, startFakeModel, taskText, text, type FakeModel } from '../support/fake-model.ts';
import { chance } from '../support/faults-chance.ts';
import { keptChromium, type KeptChromium } from '../support/kept-chromium.ts';
import { ledgerOf } from '../support/phone-ledger.ts';
import { until } from '../support/until.ts';

/*
 * The built app in a real browser, with a real stack and agent: killed, closed and cut off 200 times while it sends and receives.
 * A task is either still being written or sent, whatever happened between the tap and now; and in the end each one was carried out
 * once and is shown once, as what it is.
 */

const TASKS = 60;
/** How often each kind of fault strikes; 200 in all. */
const FAULTS = {
  'page closed': 45,
  'page killed': 25,
  'worker stopped': 30,
  'answer lost': 40,
  'line cut': 35,
  'line deaf': 10,
  'no network': 10,
  'browser killed': 5,
};
type Fault = keyof typeof FAULTS;

const lot = chance(9);
const wordsOf = (n: number): string => `Write number ${n} into ~/Out/${n}.md`;
const answerOf = (n: number): string => `Number ${n} is written.`;

let model: FakeModel;
let desktop: Desktop;
let line: BadLine;
let chromium: KeptChromium;
let page: Page;
/** Another tab, which only looks on. */
let second: Page | undefined;

beforeAll(async () => {
  model = startFakeModel((request) => {
    const n = /Write number (\d+)/.exec(taskText(request))?.[1] ?? '';
    return [call('write_text', { path: `~/Out/${n}.md`, text: n }), text(answerOf(Number(n)))];
  });
  desktop = newDesktop({ ANTHROPIC_API_KEY: 'test', ANTHROPIC_BASE_URL: model.url });
  await desktop.start();
  line = await startBadLine(await appOf(desktop));
  chromium = await keptChromium();
  page = await chromium.context().newPage();
  await chromium.context().grantPermissions(['notifications'], { origin: line.url });
  const link = new URL(await linkOf(desktop));
  await page.goto(`${line.url}${link.pathname}${link.hash}`);
  await createAccount(page);
  await addSecondFactor(page);
  await allowAtDesk(page, desktop);
  await page.evaluate(async () => navigator.serviceWorker.ready.then(() => true));
});
afterAll(async () => {
  await chromium.stop();
  await line.stop();
  await desktop.clear();
  await model.stop();
});

const moment = (most: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, lot.below(most)));
const composer = (on: Page) => on.getByLabel('What should your desktop do?');

async function open(): Promise<void> {
  page = await chromium.context().newPage();
  await page.goto(line.url);
  await composer(page).waitFor();
}
async function openSecond(): Promise<void> {
  second = await chromium.context().newPage();
  await second.goto(line.url);
  await composer(second).waitFor();
}

/** Writes a task, waits until its words are kept, and taps. */
async function tap(n: number): Promise<void> {
  if ((await composer(page).inputValue()) !== wordsOf(n)) await composer(page).fill(wordsOf(n));
  await until(
    () => ledgerOf(page),
    ({ draft }) => draft === wordsOf(n),
  );
  await page.getByRole('button', { name: 'Send', exact: true }).click({ noWaitAfter: true });
  await moment(60);
}

/** A push that tells to look, and the end of the worker that does. */
async function stopWorker(): Promise<void> {
  const cdp = await chromium.context().newCDPSession(page);
  const origin = line.url;
  const found = Promise.withResolvers<string>();
  cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
    for (const { registrationId, scopeURL } of registrations)
      if (scopeURL.startsWith(origin)) found.resolve(registrationId);
  });
  await cdp.send('ServiceWorker.enable');
  const registrationId = await found.promise;
  await cdp.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data: '{"q":1}' });
  await moment(60);
  await cdp.send('ServiceWorker.stopAllWorkers');
  await cdp.detach();
}

/** Strikes, and mends again what would last. True when the page is gone. */
async function strike(fault: Fault): Promise<boolean> {
  switch (fault) {
    case 'page closed':
      await page.close();
      return true;
    case 'page killed': {
      await chromium.killPages();
      return true;
    }
    case 'browser killed':
      await chromium.killAndStart();
      return true;
    case 'worker stopped':
      await stopWorker();
      return false;
    case 'answer lost':
      line.loseAnswers(1 + lot.below(3));
      await moment(150);
      return false;
    case 'line cut':
      line.setUp(false);
      await moment(200);
      line.setUp(true);
      return false;
    case 'line deaf':
      line.setDeaf(true);
      await moment(200);
      line.setDeaf(false);
      return false;
    case 'no network':
      await chromium.context().setOffline(true);
      await moment(200);
      await chromium.context().setOffline(false);
      return false;
  }
}

/** After a fault: the first screen again, whether by a new page or by the way back. */
async function recover(fault: Fault, gone: boolean, tapped: boolean): Promise<void> {
  if (gone) {
    await open();
    if (second && fault !== 'page closed') await openSecond();
    return;
  }
  if (!tapped) return;
  await page.waitForURL(/\/t\//);
  await page.getByRole('button', { name: 'Back' }).click();
  await composer(page).waitFor();
}

const journal = <T>(query: string): T[] => {
  const db = new Database(join(desktop.data, 'journal.sqlite'), { readonly: true });
  try {
    return db.query<T, []>(query).all();
  } finally {
    db.close();
  }
};

/** Strikes with all faults while all tasks are sent. */
async function hunt(): Promise<number> {
  const faults = lot.shuffled(
    Object.entries(FAULTS).flatMap(([kind, count]) => Array<Fault>(count).fill(kind as Fault)),
  );
  const unsent = Array.from({ length: TASKS }, (_, index) => index + 1);
  for (const [index, fault] of faults.entries()) {
    if (index === faults.length / 2) await openSecond();
    const due = TASKS - unsent.length < ((index + 1) * TASKS) / faults.length ? unsent[0] : undefined;
    if (due === undefined) await moment(150);
    else await tap(due);
    const gone = await strike(fault);
    await recover(fault, gone, due !== undefined);
    if (due === undefined) continue;
    const { draft, tasks } = await ledgerOf(page);
    const sent = tasks.filter((task) => task.text === wordsOf(due)).length;
    expect({ due, fault, sent, written: draft === wordsOf(due) }).toEqual({ due, fault, sent, written: sent === 0 });
    if (sent > 0) unsent.shift();
  }
  // The last ones may still be there as words.
  for (const n of unsent) {
    await tap(n);
    await recover('no network', false, true);
  }
  return faults.length;
}

test('killed, closed and cut off 200 times, the phone loses nothing, doubles nothing and shows what is true', async () => {
  const injected = await hunt();
  line.loseAnswers(0);
  const done = await until(
    () => journal<{ id: string; text: string; fate: string | null }>('select id, text, fate from task'),
    (rows) => rows.filter(({ fate }) => fate !== null).length >= TASKS,
  );
  for (const each of [page, second]) {
    await until(
      async () => (each ? each.locator('.thread-row.ended').count() : TASKS),
      (count) => count >= TASKS,
    );
  }
  const all = Array.from({ length: TASKS }, (_, index) => wordsOf(index + 1)).sort();
  expect(done.map((task) => task.text).sort()).toEqual(all);
  expect(new Set(done.map(({ fate }) => fate))).toEqual(new Set(['done']));
  const { tasks, draft } = await ledgerOf(page);
  expect(tasks.map((task) => task.text).sort()).toEqual(all);
  expect(tasks.filter(({ results }) => results !== 1)).toEqual([]);
  expect(draft).toBe('');
  const repeated = journal<{ n: number }>('select count(*) as n from step group by task having n <> 1').length;
  expect(repeated).toBe(0);
  for (const { id, text: words } of done) {
    await page.evaluate((path) => {
      history.pushState(null, '', path);
      dispatchEvent(new PopStateEvent('popstate'));
    }, `/t/${id}`);
    const shown = page.getByRole('article', { name: words });
    await shown.getByText('Done', { exact: true }).waitFor();
    const n = Number(/number (\d+)/.exec(words)?.[1]);
    expect(await shown.getByRole('region', { name: 'Result' }).allInnerTexts()).toEqual([
      expect.stringContaining(answerOf(n)),
    ]);
    expect(await page.locator('.notice').count()).toBe(0);
  }
  const lost = TASKS - new Set(done.map((task) => task.text)).size;
  record({ is: 'faults', run: 'phone killed, closed and cut off', tasks: TASKS, injected, lost, repeated });
}, 600_000);
