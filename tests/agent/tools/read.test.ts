import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import type { Grant } from '../../../edge/protocol/grant.ts';
import { CLEAN } from '../../../agent/policy/taint.ts';
import { find } from '../../../agent/tools/find.ts';
import { list } from '../../../agent/tools/list.ts';
import { readCsv } from '../../../agent/tools/read-csv.ts';
import { readDocx } from '../../../agent/tools/read-docx.ts';
import { readPdf } from '../../../agent/tools/read-pdf.ts';
import { readText } from '../../../agent/tools/read-text.ts';
import type { Tool } from '../../../agent/tools/tool.ts';
import { asOrdinaryUser } from '../../support/ordinary-user.ts';
import { makePdf } from '../../support/pdf.ts';
import { tempDesk, type TempDesk } from '../../support/temp-desk.ts';

setDefaultTimeout(120_000);

const grants: readonly Grant[] = [{ do: 'read', path: '~/Inbox' }];
const both = { untrusted: true, private: true };

let at: TempDesk;
beforeEach(async () => {
  at = await tempDesk();
  await at.put('Inbox/here.txt', 'here');
});
afterEach(() => at.remove());

/** What the model is told. A failure must be one, and something else must not. */
async function ok<Input>(tool: Tool<Input>, input: unknown): Promise<string> {
  const run = await at.call(tool, input, grants);
  if (run.failed) throw new Error(run.content);
  expect(run.taint.untrusted).toBe(true);
  return run.content;
}
async function bad<Input>(tool: Tool<Input>, input: unknown): Promise<string> {
  const run = await at.call(tool, input, grants);
  expect(run.failed).toBe(true);
  return run.content;
}

describe('every tool that reads a file', () => {
  const readers: readonly (readonly [string, Tool<unknown>])[] = [readText, readPdf, readDocx, readCsv].map((tool) => [
    tool.name,
    tool,
  ]);

  test.each(readers)(
    '%s says what is wrong with missing, empty, vanished, ungranted files and folders',
    async (_, tool) => {
      expect(await bad(tool, { path: '~/Inbox/none.x' })).toMatch(/There is no .*none\.x/);
      expect(await bad(tool, { path: '~/Inbox' })).toMatch(/is a folder\. Use list or find/);
      expect(await bad(tool, { path: '~/Other/a.x' })).toMatch(/read\.elsewhere/);
      await at.put('Inbox/empty.x', '');
      const empty = await at.call(tool, { path: '~/Inbox/empty.x' }, grants);
      expect(empty.content).toMatch(/empty|not a PDF|not a Word document/);
      const path = await at.put('Inbox/gone.x', 'x');
      await rm(path);
      expect(await bad(tool, { path })).toMatch(/There is no/);
    },
  );

  test.each(readers)('%s stops when it is told to', async (_, tool) => {
    at.controller.abort();
    expect(await bad(tool, { path: '~/Inbox/here.txt' })).toBe('The step was stopped.');
  });

  test.each(readers)('%s refuses input it does not know', (_, tool) => {
    expect(() => tool.input.parse({ path: 'a', extra: 1 })).toThrow();
    expect(() => tool.input.parse({})).toThrow();
  });

  test('says so when this account may not open the file', async () => {
    await chmod(at.home, 0o755);
    await chmod(join(at.home, 'Inbox/here.txt'), 0);
    expect(await asOrdinaryUser(() => bad(readText, { path: '~/Inbox/here.txt' }))).toMatch(/may not open it/);
  });
});

describe('read_pdf', () => {
  test('gives the text of each page under its number', async () => {
    const path = await at.put(
      'Inbox/a.pdf',
      makePdf([['First page', 'two lines'], ['Total: 4,930 (net)'], ['Grüße aus Köln']]),
    );
    expect(await ok(readPdf, { path: '~/Inbox/a.pdf' })).toBe(
      `${path} (pages 1-3 of 3):\n\n[page 1]\nFirst page\ntwo lines\n\n[page 2]\nTotal: 4,930 (net)\n\n[page 3]\nGrüße aus Köln`,
    );
    expect((await at.call(readPdf, { path: '~/Inbox/a.pdf' }, grants)).taint).toEqual(both);
  });

  test('reads some pages, and says what there is beyond', async () => {
    await at.put('Inbox/long.pdf', makePdf(Array.from({ length: 90 }, (_, index) => [`This is page ${index + 1}.`])));
    const first = await ok(readPdf, { path: '~/Inbox/long.pdf' });
    expect(first).toContain('(pages 1-40 of 90; ask for more with first=41)');
    expect(first).toContain('[page 40]\nThis is page 40.');
    expect(first).not.toContain('This is page 41.');
    const some = await ok(readPdf, { path: '~/Inbox/long.pdf', first: 88 });
    expect(some).toContain('(pages 88-90 of 90)');
    expect(await ok(readPdf, { path: '~/Inbox/long.pdf', first: 2, last: 2 })).toContain('(pages 2-2 of 90)');
    expect(await bad(readPdf, { path: '~/Inbox/long.pdf', first: 91 })).toMatch(/has 90 pages; there is no page 91/);
    expect(await bad(readPdf, { path: '~/Inbox/long.pdf', first: 5, last: 2 })).toMatch(/before the first/);
  });

  test('bounds the text of one answer', async () => {
    await at.put(
      'Inbox/dense.pdf',
      makePdf(Array.from({ length: 20 }, () => Array.from({ length: 50 }, () => 'x'.repeat(90)))),
    );
    const text = await ok(readPdf, { path: '~/Inbox/dense.pdf' });
    expect(text.length).toBeLessThan(62_000);
    expect(text.slice(0, 200)).toContain('(pages 1-14 of 20; ask for more with first=15)');
    expect(text.slice(-200)).toContain('[this page goes on]');
  });

  test('explains pages without text, locked, damaged and false PDFs', async () => {
    await at.put('Inbox/scan.pdf', makePdf([[], ['text']]));
    expect(await ok(readPdf, { path: '~/Inbox/scan.pdf' })).toContain('[page 1]\n(No text on this page.');
    await at.put('Inbox/locked.pdf', makePdf([['secret']], { locked: true }));
    expect(await bad(readPdf, { path: '~/Inbox/locked.pdf' })).toMatch(/protected by a password/);
    await at.put('Inbox/cut.pdf', makePdf([['text']]).slice(0, 60));
    expect(await bad(readPdf, { path: '~/Inbox/cut.pdf' })).toMatch(/not a PDF, or it is damaged/);
    expect(await bad(readPdf, { path: '~/Inbox/here.txt' })).toMatch(/not a PDF, or it is damaged/);
  });

  test('reads the samples the product ships, each fact on its page', async () => {
    const folder = join(import.meta.dir, '../../../agent/sample');
    const facts = new Map([
      ['offer-office-move.pdf', /\[page 2\][\s\S]*£ 4,930\.00[\s\S]*\[page 3\][\s\S]*18 December 2026/],
      ['invoice-network-cabling.pdf', /\[page 1\][\s\S]*£ 5,757\.60[\s\S]*\[page 2\][\s\S]*Socket 2\.14/],
      ['minutes-move-meeting.pdf', /\[page 1\][\s\S]*£ 18,000[\s\S]*\[page 2\][\s\S]*county archive/],
    ]);
    expect(readdirSync(folder).toSorted()).toEqual([...facts.keys()].toSorted());
    for (const [name, fact] of facts) {
      const bytes = readFileSync(join(folder, name));
      expect(bytes.length).toBeLessThan(20_000);
      await at.put(`Inbox/${name}`, bytes);
      expect(await ok(readPdf, { path: `~/Inbox/${name}` })).toMatch(fact);
    }
  });
});

describe('read_text', () => {
  test.each([
    ['utf-8', Buffer.from('Grüße €', 'utf8')],
    ['utf-8', Buffer.from('\ufeffGrüße €', 'utf8')],
    ['utf-16le', Buffer.from('\ufeffGrüße €', 'utf16le')],
    ['windows-1252', Buffer.from([0x47, 0x72, 0xfc, 0xdf, 0x65, 0x20, 0x80])],
  ])('recognises %s', async (encoding, bytes) => {
    const path = await at.put('Inbox/a.txt', bytes);
    expect(await ok(readText, { path })).toBe(`${path} (${encoding}, lines 1-1 of 1):\nGrüße €`);
  });

  test('gives some lines and says what there is beyond', async () => {
    const path = await at.put(
      'Inbox/a.txt',
      Array.from({ length: 5000 }, (_, index) => `line ${index + 1}\r\n`).join(''),
    );
    expect(await ok(readText, { path })).toContain('lines 1-2000 of 5000; ask for more with from=2001');
    expect(await ok(readText, { path, from: 4999, count: 9 })).toBe(
      `${path} (utf-8, lines 4999-5000 of 5000):\nline 4999\nline 5000`,
    );
    expect(await ok(readText, { path, from: 6000 })).toContain('nothing from 6000 on; there are 5000 lines');
  });

  test('bounds one endless line and refuses what is no text', async () => {
    const path = await at.put('Inbox/a.txt', 'x'.repeat(500_000));
    const text = await ok(readText, { path });
    expect(text.length).toBeLessThan(61_000);
    expect(text).toContain('[goes on; too long to show]');
    await at.put('Inbox/b.bin', new Uint8Array([1, 0, 2]));
    expect(await bad(readText, { path: '~/Inbox/b.bin' })).toMatch(/is not text\. For PDF use read_pdf/);
  });
});

describe('read_docx', () => {
  test('explains what is no Word document', async () => {
    expect(await bad(readDocx, { path: '~/Inbox/here.txt' })).toMatch(/is not a Word document/);
    await at.put('Inbox/old.doc', new Uint8Array([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1]));
    expect(await bad(readDocx, { path: '~/Inbox/old.doc' })).toMatch(/password or in the old doc format/);
    await at.put('Inbox/zip.docx', zipSync({ 'a.txt': strToU8('x') }));
    expect(await bad(readDocx, { path: '~/Inbox/zip.docx' })).toMatch(/not a Word document \(docx\), or it is damaged/);
    await at.put('Inbox/cut.docx', zipSync({ 'word/document.xml': strToU8('x'.repeat(9999)) }).slice(0, 80));
    expect(await bad(readDocx, { path: '~/Inbox/cut.docx' })).toMatch(/damaged/);
  });

  test('refuses a document that is small only while packed', async () => {
    const bomb = zipSync({ 'word/document.xml': new Uint8Array(151_000_000) }, { level: 1 });
    expect(bomb.length).toBeLessThan(1_000_000);
    await at.put('Inbox/bomb.docx', bomb);
    expect(await bad(readDocx, { path: '~/Inbox/bomb.docx' })).toMatch(/too large once unpacked/);
  });
});

describe('read_csv', () => {
  test.each([
    ['comma', 'Name,City\r\n"Müller, Ines","a ""b"""\r\n'],
    ['semicolon', 'Name;City\n"Müller, Ines";"a ""b"""\n'],
    ['tab', 'Name\tCity\n"Müller, Ines"\ta "b"'],
    ['bar', 'Name|City\n"Müller, Ines"|"a ""b"""'],
  ])('recognises the separator %s', async (name, text) => {
    const path = await at.put('Inbox/a.csv', text);
    expect(await ok(readCsv, { path })).toBe(
      `${path} (${name}, utf-8, 2 columns, rows 1-1 of 1):\nheader: Name | City\n1: Müller, Ines | a "b"`,
    );
  });

  test('recognises the encoding, and keeps a line break inside a cell in its row', async () => {
    const path = await at.put('Inbox/a.csv', Buffer.from('Stra\xdfe;Ort\n"Am\nWeg";K\xf6ln\n', 'latin1'));
    expect(await ok(readCsv, { path })).toContain(
      'windows-1252, 2 columns, rows 1-1 of 1):\nheader: Straße | Ort\n1: Am Weg | Köln',
    );
  });

  test('reads from 50,000 rows the ones asked for', async () => {
    const rows = Array.from({ length: 50_000 }, (_, index) => `${index + 1},Item ${index + 1},"${index * 2}"`);
    const path = await at.put('Inbox/big.csv', ['id,name,price', ...rows].join('\n'));
    const text = await ok(readCsv, { path });
    expect(text).toContain('rows 1-500 of 50000; ask for more with from=501');
    expect(text.length).toBeLessThan(61_000);
    expect(await ok(readCsv, { path, from: 49_999, count: 5 })).toContain(
      '49999: 49999 | Item 49999 | 99996\n50000: 50000',
    );
  });

  test('makes do with ragged rows, open quotes and a header alone', async () => {
    await at.put('Inbox/a.csv', 'a,b\n1\n1,2,3\n"open, end');
    expect(await ok(readCsv, { path: '~/Inbox/a.csv' })).toMatch(/1: 1\n2: 1 \| 2 \| 3\n3: open, end/);
    await at.put('Inbox/b.csv', 'a,b\n');
    expect(await ok(readCsv, { path: '~/Inbox/b.csv' })).toContain('there are 0 rows');
  });
});

describe('list and find', () => {
  test('list names what is there, with links unfollowed and odd names quoted', async () => {
    await at.put('Inbox/b/c.txt', 'x');
    await at.put('Inbox/line\nbreak.txt', 'x');
    const text = await ok(list, { folder: '~/Inbox' });
    expect(text).toMatch(
      /\(entries 1-3 of 3\):\n- "b" \(folder\)\n- "here\.txt" \(4 bytes, changed \d{4}-\d\d-\d\d\)\n- "line\\nbreak\.txt"/,
    );
    expect((await at.call(list, { folder: '~/Inbox' }, grants)).taint).toEqual({ untrusted: true, private: false });
  });

  test('list pages through a large folder', async () => {
    for (let index = 0; index < 320; index++) await at.put(`Inbox/many/${String(index).padStart(3, '0')}.txt`, '');
    expect(await ok(list, { folder: '~/Inbox/many' })).toContain('entries 1-300 of 320; ask for more with from=301');
    expect(await ok(list, { folder: '~/Inbox/many', from: 301 })).toContain('"319.txt"');
  });

  test('both say what is wrong with a folder that is missing, empty or a file', async () => {
    for (const tool of [list, find]) {
      expect(await bad(tool, { folder: '~/Inbox/none' })).toMatch(/There is no/);
      expect(await bad(tool, { folder: '~/Inbox/here.txt' })).toMatch(/is a file, not a folder/);
      expect(await bad(tool, { folder: '/etc' })).toMatch(/read\.elsewhere/);
    }
    await rm(join(at.home, 'Inbox/here.txt'));
    expect(await ok(list, { folder: '~/Inbox' })).toMatch(/is empty\.$/);
    expect(await ok(find, { folder: '~/Inbox', words: 'x' })).toMatch(/^0 files found/);
  });

  test('find goes by words in any order, accents and case aside, by ending and by day', async () => {
    const old = await at.put('Inbox/2024/Rechnung Müller.PDF', 'x');
    await utimes(old, new Date('2024-05-01T12:00:00Z'), new Date('2024-05-01T12:00:00Z'));
    await at.put('Inbox/2026/rechnung meier.pdf', 'x');
    await at.put('Inbox/2026/rechnung.txt', 'x');
    await at.put('Inbox/.hidden/rechnung.pdf', 'x');
    const found = async (input: object): Promise<readonly string[]> =>
      [...(await ok(find, { folder: '~/Inbox', ...input })).matchAll(/^- "(.*?)" \(/gm)].map((match) => match[1] ?? '');
    expect(await found({ words: 'muller rechnung' })).toEqual(['2024/Rechnung Müller.PDF']);
    expect(await found({ words: 'rechnung', extension: 'pdf' })).toEqual([
      '2024/Rechnung Müller.PDF',
      '2026/rechnung meier.pdf',
    ]);
    expect(await found({ extension: '.pdf', newerThan: '2025-01-01' })).toEqual(['2026/rechnung meier.pdf']);
    expect(await found({ words: 'rechnung', newerThan: '2024-05-01' })).toHaveLength(3);
    expect(() => find.input.parse({ folder: 'x', newerThan: 'yesterday' })).toThrow();
  });

  test('find stops at 200 hits and says so', async () => {
    for (let index = 0; index < 210; index++) await at.put(`Inbox/many/${index}.txt`, '');
    expect(await ok(find, { folder: '~/Inbox', extension: 'txt' })).toMatch(
      /^200 files found .*; there are more, narrow the search/,
    );
  });
});

test('the bits of a failed step are those of what was opened', async () => {
  await at.put('Inbox/a.pdf', 'x');
  expect((await at.call(readPdf, { path: '~/Inbox/a.pdf' }, grants)).taint).toEqual(both);
  expect((await at.call(readPdf, { path: '~/Inbox/none.pdf' }, grants)).taint).toEqual(CLEAN);
});
