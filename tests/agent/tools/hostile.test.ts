import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { truncateSync, unlinkSync } from 'node:fs';
import { strToU8, zipSync } from 'fflate';
import { sha256B64u, toBytes } from '../../../edge/protocol/bytes.ts';
import { htmlToMarkdown } from '../../../agent/tools/html-to-markdown.ts';
import { list } from '../../../agent/tools/list.ts';
import { readCsv } from '../../../agent/tools/read-csv.ts';
import { readDocx } from '../../../agent/tools/read-docx.ts';
import { readPdf } from '../../../agent/tools/read-pdf.ts';
import { readText } from '../../../agent/tools/read-text.ts';
import { runScript } from '../../../agent/tools/run-script.ts';
import type { Tool } from '../../../agent/tools/tool.ts';
import { writeDocx } from '../../../agent/tools/write-docx.ts';
import { formsPdf, largePdf, loopPdf, manyLinesPdf, pagesPdf, zerosPdf } from '../../support/pdf-bomb.ts';
import { tempDesk, type TempDesk } from '../../support/temp-desk.ts';

/* Files, texts and scripts that would stop or starve the agent. */

setDefaultTimeout(120_000);

let at: TempDesk;
beforeEach(async () => {
  at = await tempDesk();
});
afterEach(() => at.remove());

async function read<Input>(tool: Tool<Input>, name: string, content: string | Uint8Array) {
  const path = await at.put(`Inbox/${name}`, content);
  const { content: told, failed } = await at.call(tool, { path }, [{ do: 'read', path }]);
  return { path, told, failed };
}

const TOO_LARGE = /^\/.*\/Inbox\/bomb is too large or too complicated to read within \d+ (seconds|MB of memory)\. /;

describe('a document that takes more than it may', () => {
  beforeEach(async () => {
    await at.remove();
    at = await tempDesk({ limits: { ms: 8000, bytes: 500_000_000 } });
  });

  test.each<[string, Tool<{ path: string }>, () => Uint8Array | string]>([
    ['a PDF of zeros packed twice', readPdf, () => zerosPdf(1_000_000_000)],
    ['a PDF whose forms are shown a billion times', readPdf, () => formsPdf(9)],
    ['a page of five million lines', readPdf, () => manyLinesPdf(5_000_000)],
    ['a table of forty million cells', readCsv, () => ',\n'.repeat(20_000_000)],
  ])('%s is given up in words, and the next document is read', async (_, tool, bomb) => {
    const { told, failed } = await read(tool, 'bomb', bomb());
    expect(told).toMatch(TOO_LARGE);
    expect(told).toMatch(/he owner has to save a smaller or simpler copy/);
    expect(failed).toBe(true);
    expect((await read(readCsv, 'next.csv', 'a,b\n1,2\n')).told).toContain('1: 1 | 2');
  });

  test('the worker itself reads none of it', async () => {
    const before = process.memoryUsage.rss();
    await read(readPdf, 'bomb', zerosPdf(1_000_000_000));
    await read(readPdf, 'large.pdf', largePdf(50_000_000, 'x'));
    const grown = process.memoryUsage.rss() - before;
    expect(grown).toBeLessThan(300_000_000);
  });

  test('a stopped step ends at once', async () => {
    const path = await at.put('Inbox/bomb', formsPdf(9));
    const reading = at.call(readPdf, { path }, [{ do: 'read', path }]);
    setTimeout(() => at.controller.abort(), 500);
    expect((await reading).content).toBe('The step was stopped.');
  });
});

test('a PDF of 50 MB is read like any other', async () => {
  const { told } = await read(readPdf, 'large.pdf', largePdf(50_000_000, 'The bridge opens on 3 May.'));
  expect(told).toContain('(pages 1-2 of 2)');
  expect(told).toContain('[page 2]\nThe bridge opens on 3 May.');
});

test.each<[string, Tool<{ path: string }>, () => Uint8Array, RegExp]>([
  [
    'more than 100 MB',
    readPdf,
    () => new Uint8Array(100_000_001),
    /is too large to read \(100 MB; at most 100 MB\)\.$/,
  ],
  [
    'a page tree that contains itself',
    readPdf,
    loopPdf,
    /could not be read \(.*\)\. It may be damaged; the owner has to/,
  ],
  ['a billion pages it says it has', readPdf, () => pagesPdf(1_000_000_000), /\(pages 1-1 of 1\)/],
])('a file with %s has an answer', async (_, tool, make, answer) => {
  expect((await read(tool, 'odd', make())).told).toMatch(answer);
});

test('a cell of megabytes is a cell', async () => {
  const table = `name,size\r\n"${'x'.repeat(5_000_000)}",2\r\n${'""'.repeat(1000)},3\r\n`;
  const { told, failed } = await read(readCsv, 'long.csv', table);
  expect(failed).toBe(false);
  expect(told).toContain('2 columns');
  expect(told).toContain('of 2');
});

/** A zip whose directory and headers say that this entry is small. */
function lying(zip: Uint8Array, really: number): Uint8Array {
  const view = new DataView(zip.buffer);
  for (let i = 0; i + 28 < zip.length; i++) {
    const mark = view.getUint32(i, true);
    const size = mark === 0x02014b50 ? i + 24 : i + 22;
    if ((mark === 0x02014b50 || mark === 0x04034b50) && view.getUint32(size, true) === really) {
      view.setUint32(size, 1000, true);
    }
  }
  return zip;
}

test('a document that lies about its size is still too large', async () => {
  const really = 160_000_000;
  const files = { '[Content_Types].xml': strToU8('<x/>'), 'word/document.xml': new Uint8Array(really) };
  const { told, failed } = await read(readDocx, 'liar.docx', lying(zipSync(files, { level: 1 }), really));
  expect(failed).toBe(true);
  expect(told).toMatch(/too large once unpacked/);
});

/** Reading a megabyte of each took minutes, or memory without end, when it was copied at every step. */
test.each(['<p>ab</p>', '<tr><td>ab</td></tr>', '<ul><li>', '<a', '\n', '<td> '])(
  'a megabyte of %j is no more than a megabyte',
  (piece) => {
    expect(htmlToMarkdown(piece.repeat(1_000_000 / piece.length)).length).toBeLessThan(10_000_000);
  },
);

test('a text that nothing can be made of says so', async () => {
  const write = (markdown: string) =>
    at.call(writeDocx, { path: '~/a.docx', markdown }, [{ do: 'write', path: '~/a.docx', replace: false }]);
  await expect(write('> '.repeat(20_000))).rejects.toThrow(
    /No document could be made of the text for ~\/a\.docx \(.*\)\. Write a simpler text\./,
  );
});

describe('a file that changes while it is read', () => {
  /** Reads it, and does something to it once it has been opened. */
  async function meanwhile<Input extends { path: string }>(tool: Tool<Input>, change: (path: string) => void) {
    const path = await at.put('Inbox/it.txt', 'a,b\n'.repeat(1_000_000));
    const spoilt: Tool<Input> = {
      ...tool,
      run: (input, opened, context) => {
        change(path);
        return tool.run(input, opened, context);
      },
    };
    return at.call(spoilt, { path }, [{ do: 'read', path }]);
  }
  const SHORTER = /became shorter while it was read\. Another program may be saving it: read it again\.$/;

  test.each<[string, Tool<{ path: string }>]>([
    ['text', readText],
    ['table', readCsv],
    ['PDF', readPdf],
    ['document', readDocx],
  ])('a %s that shrinks is not taken for whole', async (_, tool) => {
    const { content, failed } = await meanwhile(tool, (path) => truncateSync(path, 10));
    expect(content).toMatch(SHORTER);
    expect(failed).toBe(true);
  });

  test('one that vanishes is read to its end all the same, and is gone the next time', async () => {
    expect((await meanwhile(readText, unlinkSync)).content).toContain('of 1000000');
    const path = `${at.home}/Inbox/it.txt`;
    const again = await at.call(readText, { path }, [{ do: 'read', path }]);
    expect(again.content).toBe(`There is no ${path}. List ${at.home}/Inbox to see what is there.`);
    const empty = await at.call(list, { folder: '~/Inbox' }, [{ do: 'read', path: '~/Inbox' }]);
    expect(empty.content).toBe(`${at.home}/Inbox is empty.`);
  });
});

test('a program that a script leaves running does not hold the task', async () => {
  const text = 'echo started; (sleep 300 & echo $! > left)';
  const file = await at.put('bin/job.sh', text);
  const sha256 = await sha256B64u(toBytes(text));
  at.rules.scripts.push({ name: 'job', file, argv: ['setsid', 'sh', file], cwd: at.home, sha256 });
  const { content } = await at.call(runScript, { name: 'job' }, [{ do: 'script', name: 'job' }]);
  process.kill(Number(await Bun.file(`${at.home}/left`).text()));
  expect(content).toContain('ended well');
  expect(content).toContain('started');
});
