import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { grantsInWords } from '../../edge/protocol/words.ts';
import type { Phone } from '../../mobile/state/phone.ts';
import type { TaskView } from '../../mobile/state/view.ts';
import { superuser } from '../../supabase/local/postgres/cluster.ts';
import { connect } from '../../supabase/local/postgres/connect.ts';
import { filesWith, tablesWith } from '../support/canary.ts';
import { endOf, newDesktop, phoneFor, signUpAndPair, taskOf, viewWith, type Desktop } from '../support/desktop.ts';
import { makePdf } from '../support/pdf.ts';
import { wordsIn } from '../support/office.ts';

/*
 * Phone text to phone event, with every process a newcomer has: stack with its PostgreSQL, supervisor, worker, and a phone on the
 * app's own code. No AI: the offline planner does the work.
 */

const TASK = 'Summarise the PDFs in ~/Inbox into ~/Reports/summary.docx';
const CANARY = 'zanzibar-lighthouse-7741';

let desktop: Desktop;
let phone: Phone;
let desk: string;

beforeAll(async () => {
  desktop = newDesktop();
  desktop.put('Inbox/offer.pdf', makePdf([['Offer'], [`The total price is 48,200 euro for ${CANARY}.`], ['Terms']]));
  desktop.put('Inbox/plan.pdf', makePdf([['The launch is on 17 March 2027.'], ['Annex']]));
  desktop.put(
    'Inbox/notes.pdf',
    makePdf([['Notes'], ['Attendees'], ['Results'], ['The board approved the budget of 9,150 euro.']]),
  );
  await desktop.start();
  phone = await phoneFor(desktop);
  await signUpAndPair(desktop, phone);
  desk = phone.view().desktops[0]?.device.kid ?? '';
});
afterAll(async () => {
  await phone.stop();
  await desktop.clear();
});

const send = (text: string, thread?: string): Promise<string> =>
  phone.errands.send({ desktop: desk, text, grants: grantsInWords(text), thread });

/** The words of the report the phone was sent. */
async function reportOf(task: TaskView): Promise<string> {
  const [parcel] = task.result?.files ?? [];
  if (!parcel) throw new Error(`no file in ${JSON.stringify(task)}`);
  return wordsIn(parcel.name, await phone.errands.unpack(parcel));
}

test('an errand sent while the agent is not running waits, is done when it starts, and its report opens on the phone', async () => {
  expect((await desktop.errand('stop')).status).toBe(0);
  const id = await send(TASK);
  await viewWith(phone, (view) => (taskOf(view, id)?.standing.is === 'relay' ? true : undefined));
  expect(existsSync(desktop.path('Reports/summary.docx'))).toBe(false);

  expect((await desktop.errand('up')).status).toBe(0);
  const task = await endOf(phone, id);
  expect(task.standing).toEqual({ is: 'ended', fate: 'done' });
  expect(task.chain).toBe('whole');
  const report = await reportOf(task);
  expect(report).toContain(CANARY);
  for (const [fact, page] of [
    ['48,200', 'offer.pdf, page 2'],
    ['17 March 2027', 'plan.pdf, page 1'],
    ['9,150', 'notes.pdf, page 4'],
  ] as const) {
    expect(report).toContain(fact);
    expect(report).toContain(page);
  }
});

test('a phone that was closed meanwhile still knows what it asked and what came of it', async () => {
  await phone.stop();
  phone = await phoneFor(desktop);
  const [task] = phone.view().threads[0]?.tasks ?? [];
  expect(task?.text).toBe(TASK);
  expect(task?.result?.files.map(({ name }) => name)).toEqual(['summary.docx']);
});

test('the relay saw no word of it: neither in any table, nor in its files or logs', async () => {
  const folder = join(desktop.data, 'stack');
  const sql = connect(`postgresql://${superuser}@localhost/errand?host=${join(folder, 'postgres', 'run')}`, {
    max: 1,
  });
  try {
    await sql`checkpoint`;
    for (const secret of [CANARY, 'Summarise the PDFs', '48,200 euro']) {
      expect(await tablesWith(sql, secret)).toEqual([]);
      expect(filesWith(folder, secret)).toEqual([]);
    }
    await sql`create table public.control (a text, b bytea)`;
    await sql`insert into public.control values (${`x${Buffer.from(`ab${CANARY}`).toString('base64')}`}, null)`;
    expect(await tablesWith(sql, CANARY)).toEqual(['public.control']);
    await sql`truncate public.control`;
    await sql`insert into public.control values (null, ${Buffer.from(CANARY, 'utf16le')})`;
    expect(await tablesWith(sql, CANARY)).toEqual(['public.control']);
    await sql`drop table public.control`;
    const scratch = mkdtempSync(join(tmpdir(), 'errand-canary-'));
    writeFileSync(join(scratch, 'log'), `..${Buffer.from(CANARY).toString('hex')}..`);
    expect(filesWith(scratch, CANARY)).toHaveLength(1);
    rmSync(scratch, { recursive: true });
  } finally {
    await sql.end();
  }
});
