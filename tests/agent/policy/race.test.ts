import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test';
import { link, mkdir, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toBytes } from '../../../edge/protocol/bytes.ts';
import type { Grant } from '../../../edge/protocol/grant.ts';
import { tempDesk, type TempDesk } from '../../support/temp-desk.ts';

setDefaultTimeout(120_000);

const TRIES = 2000;
const SECRET = 'the secret';
const grants: readonly Grant[] = [
  { do: 'read', path: '~/Inbox' },
  { do: 'write', path: '~/Inbox', replace: true },
];

let at: TempDesk;
beforeEach(async () => {
  at = await tempDesk();
  await at.put('Inbox/good/file.txt', 'harmless');
  await at.put('Secret/file.txt', SECRET);
});
afterEach(() => at.remove());

/** Swaps `Inbox/name` between two links without a pause, as fast as the disk lets it, until stopped. */
function swapping(name: string, targets: readonly [string, string]): () => Promise<number> {
  let going = true;
  const swap = async (): Promise<number> => {
    let swaps = 0;
    while (going) {
      const next = join(at.home, `Inbox/next-${name}`);
      await rm(next, { force: true });
      await symlink(join(at.home, targets[swaps % 2 === 0 ? 0 : 1]), next);
      await rename(next, join(at.home, 'Inbox', name));
      swaps++;
    }
    return swaps;
  };
  const done = swap();
  return () => {
    going = false;
    return done;
  };
}

async function readThroughGate(path: string): Promise<string> {
  const verdict = await at.ask([{ sink: 'read', path }], { grants });
  if (verdict.verdict !== 'allow') return verdict.verdict;
  const [file] = verdict.opened;
  const text = file?.sink === 'read' && file.kind === 'file' ? new TextDecoder().decode(await file.read()) : 'a folder';
  await verdict.close();
  return text;
}

async function readNaively(path: string): Promise<string> {
  try {
    const real = await realpath(join(at.home, path));
    return real.startsWith(join(at.home, 'Inbox')) ? await readFile(join(at.home, path), 'utf8') : 'deny';
  } catch {
    return 'deny';
  }
}

async function leaksNaively(path: string): Promise<boolean> {
  for (let tries = 0; tries < 50 * TRIES; tries++) if ((await readNaively(path)) === SECRET) return true;
  return false;
}

const times = async (read: (path: string) => Promise<string>, path: string): Promise<Map<string, number>> => {
  const seen = new Map<string, number>();
  for (let tries = 0; tries < TRIES; tries++) {
    const result = await read(path);
    seen.set(result, (seen.get(result) ?? 0) + 1);
  }
  return seen;
};

test('a file swapped for a link to a secret never gives the secret, where checking names first does', async () => {
  const stop = swapping('a.txt', ['Inbox/good/file.txt', 'Secret/file.txt']);
  const seen = await times((path) => readThroughGate(`~/${path}`), 'Inbox/a.txt');
  // The control: the same race does give the secret to who looks at names and then opens.
  const naive = await leaksNaively('Inbox/a.txt');
  await stop();
  expect(seen.get(SECRET)).toBeUndefined();
  expect(seen.get('harmless')).toBeGreaterThan(0);
  expect(seen.get('deny')).toBeGreaterThan(0);
  expect(naive).toBe(true);
});

test('a folder swapped for a link to a secret folder never gives the secret', async () => {
  const stop = swapping('folder', ['Inbox/good', 'Secret']);
  const seen = await times((path) => readThroughGate(`~/${path}`), 'Inbox/folder/file.txt');
  await stop();
  expect(seen.get(SECRET)).toBeUndefined();
  expect(seen.get('harmless')).toBeGreaterThan(0);
});

test('a write through a folder that is swapped for a link never lands outside the grant', async () => {
  const stop = swapping('folder', ['Inbox/good', 'Secret']);
  let written = 0;
  for (let tries = 0; tries < 150; tries++) {
    const intent = { sink: 'write', path: '~/Inbox/folder/file.txt', content: toBytes(`new ${tries}`) } as const;
    const verdict = await at.ask([intent], { grants });
    if (verdict.verdict !== 'allow') continue;
    const [write] = verdict.opened;
    if (write?.sink === 'write' && (await write.commit()).done) written++;
    await verdict.close();
  }
  await stop();
  expect(written).toBeGreaterThan(0);
  expect(await readFile(join(at.home, 'Secret/file.txt'), 'utf8')).toBe(SECRET);
});

test('a file swapped for a hard link to a secret never gives the secret', async () => {
  const key = await at.put('.ssh/id', SECRET);
  let going = true;
  const swap = async (): Promise<void> => {
    for (let turn = 0; going; turn++) {
      const next = join(at.home, 'Inbox/next');
      await rm(next, { force: true });
      await (turn % 2 === 0 ? link(key, next) : writeFile(next, 'harmless'));
      await rename(next, join(at.home, 'Inbox/a.txt'));
      // rename(2) does nothing between two names of one file.
      await rm(next, { force: true });
    }
  };
  await mkdir(join(at.home, 'Inbox'), { recursive: true });
  const done = swap();
  const seen = new Map<string, number>();
  for (let tries = 0; tries < TRIES; tries++) {
    const text = await readThroughGate('~/Inbox/a.txt');
    seen.set(text, (seen.get(text) ?? 0) + 1);
  }
  going = false;
  await done;
  expect(seen.get(SECRET)).toBeUndefined();
  expect(seen.get('deny')).toBeGreaterThan(0);
});
