import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test';
import { strToU8, zipSync } from 'fflate';
import { sha256B64u, toBytes } from '../../../edge/protocol/bytes.ts';
import { readCsv } from '../../../agent/tools/read-csv.ts';
import { readDocx } from '../../../agent/tools/read-docx.ts';
import { runScript } from '../../../agent/tools/run-script.ts';
import { tempDesk, type TempDesk } from '../../support/temp-desk.ts';

/* Files and scripts that would stop or starve the agent. */

setDefaultTimeout(60_000);

let at: TempDesk;
beforeEach(async () => {
  at = await tempDesk();
});
afterEach(() => at.remove());

test('a cell of megabytes is a cell', async () => {
  const path = await at.put(
    'Inbox/long.csv',
    `name,size\r\n"${'x'.repeat(5_000_000)}",2\r\n${'""'.repeat(1000)},3\r\n`,
  );
  const { content, failed } = await at.call(readCsv, { path }, [{ do: 'read', path }]);
  expect(failed).toBe(false);
  expect(content).toContain('2 columns');
  expect(content).toContain('of 2');
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
  const path = await at.put('Inbox/liar.docx', lying(zipSync(files, { level: 1 }), really));
  const { content, failed } = await at.call(readDocx, { path }, [{ do: 'read', path }]);
  expect(failed).toBe(true);
  expect(content).toMatch(/too large once unpacked/);
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
