import { afterEach, beforeEach, expect, test } from 'bun:test';
import type { Grant } from '../../../edge/protocol/grant.ts';
import { grantsInWords } from '../../../edge/protocol/words.ts';
import { docxText } from '../../../agent/tools/docx-text.ts';
import { keySentences } from '../../../agent/runner/offline/sentences.ts';
import { offlinePlanner } from '../../../agent/runner/offline/planner.ts';
import { halve } from '../../../agent/runner/offline/shorten.ts';
import { makePdf } from '../../support/pdf.ts';
import { testRunner, type TestRunner } from '../../support/test-runner.ts';

let desk: TestRunner;

beforeEach(() => {
  desk = testRunner({ model: offlinePlanner });
  desk.rules.roots.push('~/Documents');
});
afterEach(() => desk.clear());

const FILLER = 'This page holds ordinary words that a reader may well skip without any loss at all.';

function threePdfs(): void {
  desk.put(
    'Inbox/offer.pdf',
    makePdf([['Offer', FILLER], [FILLER, 'The total price is 48,200 euro for the whole roof.'], [FILLER]]),
  );
  desk.put('Inbox/plan.pdf', makePdf([[FILLER, 'The launch was moved to 17 March 2027 by the', 'board.'], [FILLER]]));
  desk.put(
    'Inbox/deep/minutes.pdf',
    makePdf([[FILLER], [FILLER], [FILLER], ['Ms Ortega signs the contract for 12 years.']]),
  );
}

type More = { grants?: Grant[]; thread?: string; after?: string };

const done = (text: string, more: More = {}): Promise<string> => ends('done', text, more);

async function ends(fate: 'done' | 'failed', text: string, more: More = {}): Promise<string> {
  const t = desk.task(text, { grants: grantsInWords(text), ...more });
  const { state } = await desk.reaches(t, 'ended');
  expect(state).toEqual({ is: 'ended', fate });
  return t;
}

const report = (path: string): Promise<string> => docxText(new Uint8Array(desk.read(path)), path);

test('PDFs are summarised into a Word document: each fact with its file and exact page', async () => {
  threePdfs();
  const t = await done('Summarise the PDFs in ~/Inbox into ~/Reports/summary.docx');
  const words = await report('Reports/summary.docx');
  expect(words).toContain('48,200 euro for the whole roof. [offer.pdf, page 2]');
  expect(words).toContain('The launch was moved to 17 March 2027 by the board. [plan.pdf, page 1]');
  expect(words).toContain('Ms Ortega signs the contract for 12 years. [minutes.pdf, page 4]');
  const { by, files, text } = desk.result(t);
  expect(by).toContain('no AI');
  expect(files.map(({ name }) => name)).toEqual(['summary.docx']);
  expect(text).toContain('[offer.pdf, page 2]');
});

test('a file that is no PDF is named in the summary, and the others are summarised', async () => {
  threePdfs();
  desk.put('Inbox/broken.pdf', 'not a pdf at all');
  await done('Summarise the PDFs in ~/Inbox into ~/Reports/summary.docx');
  const words = await report('Reports/summary.docx');
  expect(words).toContain('broken.pdf');
  expect(words).toContain('could not be read');
  expect(words).toContain('48,200 euro');
});

test('“make it shorter” changes the file of the thread, also after a restart', async () => {
  threePdfs();
  const first = await done('Summarise the PDFs in ~/Inbox into ~/Reports/summary.docx');
  const long = await report('Reports/summary.docx');
  desk.put('Reports/other.docx', 'not this one');
  await desk.restart();
  const grants: Grant[] = [{ do: 'write', path: '~/Reports/summary.docx', replace: true }];
  const second = await done('Now make it shorter', { thread: first, after: first, grants });
  await desk.restart();
  const short = await report('Reports/summary.docx');
  expect(short.length).toBeLessThan(long.length);
  expect(short).toContain('48,200 euro');
  expect(desk.read('Reports/other.docx').toString()).toBe('not this one');
  await done('Even shorter, please', { thread: first, after: second, grants });
  const shortest = await report('Reports/summary.docx');
  expect(shortest.length).toBeLessThanOrEqual(short.length);
  expect(shortest).toContain('17 March 2027');
});

test('without a file to write to, the answer is the summary', async () => {
  threePdfs();
  const t = await done('Summarise ~/Inbox/plan.pdf');
  expect(desk.result(t)).toMatchObject({ files: [] });
  expect(desk.result(t).text).toContain('17 March 2027');
  expect(desk.result(t).text).not.toContain('48,200');
});

test('files are found by words in their name', async () => {
  desk.put('Documents/insurance 2026.pdf', makePdf([['x']]));
  desk.put('Documents/holiday.pdf', makePdf([['x']]));
  const t = await done('Find the PDFs about insurance');
  expect(desk.result(t).text).toContain('insurance 2026.pdf');
  expect(desk.result(t).text).not.toContain('holiday.pdf');
});

test('nothing to read is a failure, nothing found is an answer', async () => {
  desk.put('Documents/holiday.txt', 'x');
  const none = await ends('failed', 'Summarise the PDFs in ~/Documents into ~/x.docx');
  expect(desk.result(none).text).toContain('I found no PDFs');
  await ends('failed', 'Find the PDFs in ~/Nowhere');
  await done('Find the PDFs in ~/Documents');
});

test('CSV files with the same columns become one table', async () => {
  desk.put('Inbox/may.csv', 'name;amount\nAnna;12\n');
  desk.put('Inbox/june.csv', 'name;amount\nBert;30\n');
  await done('Make a table from the CSV files in ~/Inbox into ~/Reports/all.csv');
  const lines = desk.read('Reports/all.csv').toString().trim().split(/\r?\n/);
  expect(lines).toHaveLength(3);
  expect(lines).toContain('Anna,12,may.csv');
});

test('what plain rules cannot do has failed, and they say what they can', async () => {
  const t = await ends('failed', 'Book me a flight to Lisbon');
  expect(desk.result(t).text).toContain('errand setup');
});

test('a summary that may not be written where it should is answered with the reason', async () => {
  threePdfs();
  const t = await ends('failed', 'Summarise the PDFs in ~/Inbox into ~/.ssh/summary.docx');
  expect(desk.result(t).text).toContain('could not be written');
  expect(desk.result(t).text).toContain('48,200 euro');
});

test('headers and footers that every page repeats are no key sentences', () => {
  const footer = 'Confidential report of 2026, all 100 rights reserved.';
  const pages = [1, 2, 3].map((number) => ({
    number,
    text: `Fact number ${number} stands on this page.\n\n${footer}`,
  }));
  expect(keySentences(pages).map(({ text, page }) => [text, page])).toEqual([
    ['Fact number 1 stands on this page.', 1],
    ['Fact number 2 stands on this page.', 2],
    ['Fact number 3 stands on this page.', 3],
  ]);
});

test('a sentence that was a point of a list stands without its mark', () => {
  const [sentence] = keySentences([{ number: 1, text: '• The archive is sorted before 21 December 2026.' }]);
  expect(sentence?.text).toBe('The archive is sorted before 21 December 2026.');
});

test('halving keeps headings and the points with figures', () => {
  const text =
    '# Summary\n\n## a.pdf\n\n- Words only.\n- It costs 12 euro. [a.pdf, page 1]\n\n## b.pdf\n\n- One point.';
  expect(halve(text)).toBe('# Summary\n\n## a.pdf\n\n- It costs 12 euro. [a.pdf, page 1]\n\n## b.pdf\n\n- One point.');
});
