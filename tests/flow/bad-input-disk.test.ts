import { afterEach, expect, setDefaultTimeout, test } from 'bun:test';
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitWords } from '../../agent/control/worker-exit.ts';
import { openJournal } from '../../agent/journal/journal.ts';
import { pinPeer } from '../../agent/journal/peer.ts';
import { newIdentity } from '../../edge/protocol/identity.ts';
import { en } from '../../mobile/words/en.ts';
import { record } from '../support/evidence.ts';
import { call, startFakeModel, text, type FakeModel } from '../support/fake-model.ts';
import { newHome, realWorker, type RealWorker } from '../support/real-worker.ts';
import { smallDisk, type SmallDisk } from '../support/small-disk.ts';
import { until } from '../support/until.ts';

/* A disk that is full or read-only, under a real worker. */

setDefaultTimeout(120_000);

let model: FakeModel;
let disk: SmallDisk;
let worker: RealWorker;

afterEach(async () => {
  await worker.clear();
  await disk.end();
  await model.stop();
});

/** A worker in whose home this folder is a disk of its own. */
async function deskWith(folder: string, options: string): Promise<void> {
  model = startFakeModel();
  const home = newHome();
  disk = await smallDisk(join(home, folder), options);
  worker = realWorker({ model: { kind: 'anthropic', name: 'claude-test', baseUrl: model.url } }, { home, disk });
}

const write = (name: string, words = name) => call('write_text', { path: `~/out/${name}`, text: words });

async function begin(words: string): Promise<string> {
  const grants = [{ do: 'write', path: '~/out', replace: true } as const];
  const reply = await worker.ask({ do: 'task', text: words, grants, thread: null });
  if (reply.is !== 'task') throw new Error(JSON.stringify(reply));
  return reply.t;
}

const stateOf = (t: string) =>
  worker.notices.flatMap((notice) => (notice.say === 'task' && notice.t === t ? [notice.state] : [])).at(-1);

async function done(t: string): Promise<void> {
  const state = await until(
    () => stateOf(t),
    (now) => now?.is === 'ended',
  );
  expect(state).toEqual({ is: 'ended', fate: 'done' });
}

const heard = (): string => JSON.stringify(model.requests.at(-1)?.messages);
const met = (): void => record({ is: 'faults', run: 'bad input', tasks: 1, injected: 1, lost: 0, repeated: 0 });

test('when the journal has no room the worker stops acting, says so, and does the rest when there is room', async () => {
  await deskWith('.errand', 'size=12m');
  const pause = Promise.withResolvers<void>();
  model.play([write('1.md'), { after: pause.promise, play: write('2.md') }, write('3.md'), text('Three files.')]);
  await worker.start();
  const t = await begin('Write three files');
  await until(
    () => model.requests.length,
    (count) => count === 2,
  );
  disk.fill();
  pause.resolve();

  const code = await worker.exit();
  expect(exitWords(`code ${code}`)).toBe(
    'The disk with the data folder is full or cannot be written. Make room: Errand does nothing until then, goes on by itself, and has lost nothing.',
  );
  expect(readdirSync(join(worker.home, 'out'))).toEqual(['1.md']);
  expect(stateOf(t)).toEqual({ is: 'parked', why: 'disk-full' });
  expect(en.standing({ is: 'parked', why: 'disk-full' }, 'Studio-PC', String)).toBe(
    'Paused: the disk of the desktop is full. Goes on by itself when there is room on it.',
  );

  disk.fill();
  await expect(worker.start()).rejects.toThrow('ENOSPC');
  expect(await worker.exit()).toBe(code);

  disk.free();
  await worker.start();
  await done(t);
  for (const name of ['1.md', '2.md', '3.md']) expect(readFileSync(join(worker.home, 'out', name), 'utf8')).toBe(name);
  expect(heard().match(/"Wrote /g)).toHaveLength(3);
  expect(heard()).not.toContain('is_error');
  met();
});

test('when it is word to the phones for which there is no room, what runs is parked all the same', async () => {
  await deskWith('.errand', 'size=12m');
  const { device } = await newIdentity({ kind: 'phone', name: 'Pixel', extractable: false });
  // SQLite itself would look for the disk where nobody but the worker sees it.
  const elsewhere = join(worker.home, 'elsewhere');
  const journal = openJournal({ folder: elsewhere, now: Date.now });
  pinPeer(journal, { device, mayPower: false, mayHistory: true });
  journal.close();
  copyFileSync(join(elsewhere, 'journal.sqlite'), join(worker.data, 'journal.sqlite'));
  model.play([{ after: new Promise(() => undefined), play: text('Never.') }]);
  await worker.start();
  const t = await begin('Wait');
  await until(
    () => model.requests.length,
    (count) => count === 1,
  );
  disk.fill();
  for (let turn = 0; turn < 300; turn++) worker.send({ lid: turn % 2 === 0 ? 'closed' : 'open' });
  expect(exitWords(`code ${await worker.exit()}`)).toContain('Make room');
  const state = await until(
    () => stateOf(t),
    (now) => now?.is === 'parked',
  );
  expect(state).toEqual({ is: 'parked', why: 'disk-full' });
});

test('a file for which there is no room is not begun, and the one before it stays', async () => {
  await deskWith('out', 'size=64k');
  model.play([write('a.md', 'first'), write('a.md', 'x'.repeat(500_000)), text('There is no room.')]);
  await worker.start();
  await done(await begin('Write it'));
  expect(heard()).toContain(`${worker.home}/out/a.md: The disk is full. Nothing was written.`);
  expect(readdirSync(disk.at(join(worker.home, 'out')))).toEqual(['a.md']);
  expect(readFileSync(disk.at(join(worker.home, 'out/a.md')), 'utf8')).toBe('first');
  met();
});

test('a folder that can only be read is said to be one', async () => {
  await deskWith('out', 'ro');
  model.play([write('a.md'), text('It cannot be written.')]);
  await worker.start();
  await done(await begin('Write it'));
  expect(heard()).toContain(`${worker.home}/out/a.md: The disk is read-only. Nothing was written.`);
  expect(existsSync(disk.at(join(worker.home, 'out/a.md')))).toBe(false);
  met();
});

test('a journal of a newer Errand is left alone, and the desk says what to do', async () => {
  await deskWith('.errand', 'size=12m');
  await worker.start();
  await worker.end();
  const file = disk.at(join(worker.home, '.errand/journal.sqlite'));
  // The version in the file's head (SQLite's file format, section 1.3.11).
  const bytes = readFileSync(file);
  bytes.writeUInt32BE(999, 60);
  writeFileSync(file, bytes);
  await expect(worker.start()).rejects.toThrow('written by a newer Errand');
  expect(exitWords(`code ${await worker.exit()}`)).toBe(
    'The journal in the data folder was written by a newer Errand. Update this one, then `errand up`. Nothing in it was touched.',
  );
  expect(readFileSync(file).equals(bytes)).toBe(true);
});
