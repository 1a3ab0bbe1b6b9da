import { afterEach, beforeEach, describe, expect, setDefaultTimeout, setSystemTime, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Grant } from '../../../edge/protocol/grant.ts';
import { formatCsv, parseCsv, separatorOf } from '../../../agent/tools/csv.ts';
import { makeDocx } from '../../../agent/tools/docx-bytes.ts';
import { readDocx } from '../../../agent/tools/read-docx.ts';
import { writeCsv } from '../../../agent/tools/write-csv.ts';
import { writeDocx } from '../../../agent/tools/write-docx.ts';
import { writeText } from '../../../agent/tools/write-text.ts';
import { tempDesk, type TempDesk } from '../../support/temp-desk.ts';

setDefaultTimeout(120_000);

const grants: readonly Grant[] = [{ do: 'write', path: '~/Reports', replace: true }];

const SUMMARY = `# Summary of the move

The move costs **£ 4,930.00** [offer.pdf, page 2] and takes *two days*; run \`ls\`.

## Tasks

- Order the firm
  - by 25 November
- Give notice

1. Pack
2. Move

Then:

1. Unpack

| Who | What |
| --- | --- |
| Ruth | **Order** & pay |
| Marek | Tell <clients> |

> Quoted

---

See [the site](https://example.org).
`;

let at: TempDesk;
beforeEach(async () => {
  at = await tempDesk();
});
afterEach(() => at.remove());

describe('write_docx', () => {
  test('writes what read_docx reads back: headings, lists, tables, bold and italic', async () => {
    const run = await at.call(writeDocx, { path: '~/Reports/summary.docx', markdown: SUMMARY }, grants);
    const path = join(at.home, 'Reports/summary.docx');
    expect(run).toMatchObject({ failed: false, files: [path], content: expect.stringContaining(`Wrote ${path} (`) });
    const { content } = await at.call(readDocx, { path }, grants);
    expect(content.slice(content.indexOf('\n') + 1)).toBe(`# Summary of the move

The move costs **£ 4,930.00** [offer.pdf, page 2] and takes *two days*; run ls.

## Tasks

- Order the firm
   - by 25 November
- Give notice

1. Pack
2. Move

Then:

1. Unpack

| **Who** | **What** |
| Ruth | **Order** & pay |
| Marek | Tell <clients> |

Quoted

See the site (https://example.org).`);
  });

  test('writes what LibreOffice opens', async () => {
    await at.call(writeDocx, { path: '~/Reports/summary.docx', markdown: SUMMARY }, grants);
    const profile = mkdtempSync(join(tmpdir(), 'errand-office-'));
    try {
      const office = [
        '--headless',
        `-env:UserInstallation=file://${profile}`,
        '--convert-to',
        'pdf',
        '--outdir',
        profile,
      ];
      execFileSync('soffice', [...office, join(at.home, 'Reports/summary.docx')], { stdio: 'pipe' });
      const text = execFileSync('pdftotext', ['-layout', join(profile, 'summary.pdf'), '-'], { encoding: 'utf8' });
      for (const fact of [
        'Summary of the move',
        '£ 4,930.00 [offer.pdf, page 2]',
        '2. Move',
        '1. Unpack',
        'Order & pay',
        'Tell <clients>',
      ]) {
        expect(text).toContain(fact);
      }
    } finally {
      rmSync(profile, { recursive: true, force: true });
    }
  });

  test('gives the same bytes for the same text, whenever, so that an approval can be used', async () => {
    const first = await makeDocx(SUMMARY);
    await makeDocx('1. another\n2. document');
    setSystemTime(new Date('2031-07-01T00:00:00Z'));
    try {
      expect(Buffer.from(await makeDocx(SUMMARY)).equals(Buffer.from(first))).toBe(true);
    } finally {
      setSystemTime();
    }
  });

  test('makes a readable document of any text at all', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', maxLength: 200 }),
        fc.string({ unit: 'binary', maxLength: 50 }),
        async (text, rest) => {
          await at.call(writeDocx, { path: '~/Reports/any.docx', markdown: `${text}\n${rest}` }, grants);
          expect((await at.call(readDocx, { path: '~/Reports/any.docx' }, grants)).failed).toBe(false);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('write_text', () => {
  test('writes new files, replaces with the grant to, and says which', async () => {
    const input = { path: '~/Reports/a.md', text: 'Grüße\n' };
    expect((await at.call(writeText, input, grants)).content).toMatch(/^Wrote .*a\.md \(8 bytes\)\.$/);
    expect((await at.call(writeText, { ...input, text: 'new' }, grants)).content).toMatch(/^Replaced .*a\.md/);
    expect(readFileSync(join(at.home, 'Reports/a.md'), 'utf8')).toBe('new');
    expect(statSync(join(at.home, 'Reports/a.md')).mode & 0o111).toBe(0);
    expect(at.kept.map((image) => image.bytes === null)).toEqual([true, false]);
  });

  test('asks before it replaces without the grant to, and outside the grant', async () => {
    await at.put('Reports/a.md', 'old');
    const create: Grant[] = [{ do: 'write', path: '~/Reports', replace: false }];
    expect((await at.call(writeText, { path: '~/Reports/a.md', text: 'new' }, create)).content).toMatch(/^ask: /);
    await at.put('Other/x', '');
    expect((await at.call(writeText, { path: '~/Other/a.md', text: 'new' }, create)).content).toMatch(/^ask: /);
    expect(readFileSync(join(at.home, 'Reports/a.md'), 'utf8')).toBe('old');
  });

  test('a folder in the file’s place and a stopped step are failures that say so', async () => {
    await at.put('Reports/a.md/x', '');
    const input = { path: '~/Reports/a.md', text: 'new' };
    expect((await at.call(writeText, input, grants)).content).toMatch(/It is a folder\. Name a file/);
    at.controller.abort();
    const stopped = await at.call(writeText, { ...input, path: '~/Reports/b.md' }, grants);
    expect(stopped).toMatchObject({ failed: true, content: 'The step was stopped.' });
    expect(() => statSync(join(at.home, 'Reports/b.md'))).toThrow();
  });
});

describe('write_csv', () => {
  test('quotes as RFC 4180 has it and marks UTF-8 for Excel', async () => {
    const rows = [
      ['Name', 'Note', 'n'],
      ['Müller, "Ines"', 'two\nlines', 3],
      ['x', null, true],
    ];
    await at.call(writeCsv, { path: '~/Reports/a.csv', rows }, grants);
    expect(readFileSync(join(at.home, 'Reports/a.csv'), 'utf8')).toBe(
      '\ufeffName,Note,n\r\n"Müller, ""Ines""","two\nlines",3\r\nx,,true\r\n',
    );
    expect(formatCsv([['a']])).toBe('a\r\n');
  });

  test('lets no cell become a formula, and leaves numbers and telephone numbers alone', () => {
    const cells = ['=1+1', '@SUM(A1)', '+cmd|x', '-2+3+cmd', '\t=1', '-5', '+49 (30) 123-4', '-1.5', 'a=b'];
    expect(formatCsv([cells])).toBe(`'=1+1,'@SUM(A1),'+cmd|x,'-2+3+cmd,"'\t=1",-5,+49 (30) 123-4,-1.5,a=b\r\n`);
  });

  test('is read back cell by cell, but for what Excel might run', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'ü', ' ', ',', ';', '"', '\n', '\r', "'", '0'), maxLength: 6 });
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 }), (rows) => {
        expect(parseCsv(formatCsv(rows).replace(/^\ufeff/, ''), ',')).toEqual(
          rows.map((row) => row.map((text) => (text.startsWith('\r') ? `'${text}` : text))),
        );
      }),
    );
    expect(separatorOf('a,b;c\n1,2;3')).toBe(',');
  });
});
