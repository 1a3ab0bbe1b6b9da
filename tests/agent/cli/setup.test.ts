import { afterEach, beforeEach, expect, test } from 'bun:test';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { joinOwnStack, openConfig, usesOwnStack } from '../../../agent/cli/desk-config.ts';
import { isLoopback } from '../../../agent/link/addresses.ts';
import { copySamples, proposedRoots } from '../../../agent/cli/folders.ts';
import { isBuilt } from '../../../agent/cli/phone-app.ts';
import { readRelay } from '../../../agent/cli/relay-option.ts';
import { setup } from '../../../agent/cli/setup.ts';
import { readConfig } from '../../../agent/config.ts';
import { API_KEY, openKeyring } from '../../../agent/link/keyring.ts';
import { type TestDesk, testDesk } from '../../support/test-desk.ts';
import { until } from '../../support/until.ts';

let desk: TestDesk;
beforeEach(() => {
  desk = testDesk();
  desk = { ...desk, env: { ...desk.env, ERRAND_KEYRING: 'file' } };
});
afterEach(() => desk.clear());

const words = () => desk.said.join('\n');
const folder = (...names: string[]) => mkdirSync(join(desk.home, ...names), { recursive: true });

test('the first configuration needs no answers: name of the machine, the usual folders that exist, no AI', async () => {
  folder('Documents');
  folder('Downloads');
  expect(await openConfig(desk)).toMatchObject({
    name: 'Studio-PC',
    relay: null,
    roots: ['~/Documents', '~/Downloads', '~/Errand'],
    model: { kind: 'offline' },
    remotePower: true,
  });
  expect(statSync(join(desk.data, 'config.json')).mode & 0o777).toBe(0o600);
});

test('a key given at a later start connects the model; a chosen model stays as it is', async () => {
  await openConfig(desk);
  const withKey = { ...desk, env: { ...desk.env, ANTHROPIC_API_KEY: 'sk' } };
  expect((await openConfig(withKey)).model).toMatchObject({ kind: 'anthropic' });
  const other = { ...desk, env: { ...desk.env, ANTHROPIC_API_KEY: 'sk', ANTHROPIC_MODEL: 'another' } };
  expect((await openConfig(other)).model).not.toMatchObject({ name: 'another' });
});

test("the owner's language names the folders on Linux", () => {
  folder('Dokumente');
  folder('.config');
  writeFileSync(
    join(desk.home, '.config', 'user-dirs.dirs'),
    'XDG_DESKTOP_DIR="$HOME/Schreibtisch"\nXDG_DOCUMENTS_DIR="$HOME/Dokumente"\n',
  );
  expect(proposedRoots(desk)).toEqual(['~/Dokumente', '~/Errand']);
});

test('the samples are copied once: what the owner deletes stays deleted', () => {
  copySamples(desk);
  const sample = join(desk.home, 'Errand', 'sample', 'offer-office-move.pdf');
  expect(existsSync(sample)).toBe(true);
  rmSync(sample);
  copySamples(desk);
  expect(existsSync(sample)).toBe(false);
});

test('setup --yes takes the proposals and says when this computer sleeps', async () => {
  expect(await setup(desk, ['--yes'])).toBe(0);
  expect(readConfig(desk.data).name).toBe('Studio-PC');
  expect(words()).toMatch(/sleep/i);
});

test('setup asks for name, folders, model and the power switches', async () => {
  folder('Documents');
  folder('Photos');
  desk.type(['Atelier', 'n', 'y', '~/Photos', '', 'n'].join('\n') + '\n');
  expect(await setup(desk, [])).toBe(0);
  expect(readConfig(desk.data)).toMatchObject({
    name: 'Atelier',
    roots: ['~/Errand', '~/Photos'],
    model: { kind: 'offline' },
    remotePower: false,
  });
});

test('Ctrl-C ends the questions and changes nothing', async () => {
  desk.type('Atelier\n');
  const asking = setup(desk, []);
  await until(words, (said) => said.includes('Folders an errand may read'));
  desk.interrupt();
  await expect(asking).rejects.toThrow('Nothing was changed.');
  expect(readConfig(desk.data).name).toBe('Studio-PC');
});

test('an answer that is neither yes nor no is asked for again', async () => {
  folder('Documents');
  desk.type(['', '~/Photos', 'n', 'y', '', '', 'n'].join('\n') + '\n');
  expect(await setup(desk, [])).toBe(0);
  expect(words()).toContain('Please answer y or n.');
  expect(readConfig(desk.data)).toMatchObject({ roots: ['~/Errand'], remotePower: false });
});

test('a pasted key is kept in the keyring only after it was answered, and stands in no configuration', async () => {
  const answered = Response.json({
    id: 'm',
    type: 'message',
    role: 'assistant',
    model: 'x',
    content: [],
    stop_reason: 'max_tokens',
  });
  const refused = Response.json(
    { type: 'error', error: { type: 'authentication_error', message: 'invalid key' } },
    { status: 401 },
  );
  const fetch = async (url: string, init?: RequestInit) => {
    if (!url.startsWith('https://api.anthropic.com/')) throw new Error('connection refused');
    return JSON.stringify([...new Headers(init?.headers)]).includes('sk-good') ? answered.clone() : refused.clone();
  };
  desk = { ...desk, fetch };
  desk.type(['', 'y', '', 'sk-bad', '', 'sk-good', '', 'y'].join('\n') + '\n');
  expect(await setup(desk, [])).toBe(0);
  expect(words()).toContain('invalid key');
  expect(readConfig(desk.data).model).toMatchObject({ kind: 'anthropic' });
  const keyring = await openKeyring({ folder: desk.data, force: 'file', notice: () => {} });
  expect(await keyring.get(API_KEY)).toBe('sk-good');
  expect(readFileSync(join(desk.data, 'config.json'), 'utf8')).not.toContain('sk-good');
});

test('the own stack is known by its key, and the address set up for the phone outlives a new port', async () => {
  await openConfig(desk);
  mkdirSync(join(desk.data, 'stack'));
  writeFileSync(join(desk.data, 'stack', 'keys.json'), JSON.stringify({ publishable: 'sb_publishable_mine' }));
  const joined = joinOwnStack(desk, { url: 'http://127.0.0.1:4747', publishableKey: 'sb_publishable_mine' });
  expect(joined.app).toBe('http://127.0.0.1:4747');
  expect(usesOwnStack(desk, joined)).toBe(true);
  expect(usesOwnStack(desk, { ...joined, relay: { url: 'http://127.0.0.1:4747', publishableKey: 'other' } })).toBe(
    false,
  );
  writeFileSync(join(desk.data, 'config.json'), JSON.stringify({ ...joined, app: 'https://studio-pc.ts.net' }));
  const moved = joinOwnStack(desk, { url: 'http://127.0.0.1:4748', publishableKey: 'sb_publishable_mine' });
  expect(moved).toMatchObject({ relay: { url: 'http://127.0.0.1:4748' }, app: 'https://studio-pc.ts.net' });
});

test('loopback addresses are known as such', () => {
  for (const address of ['http://127.0.0.1:4747', 'http://localhost:1', 'http://[::1]:1/pair#x', 'http://127.1.2.3'])
    expect([address, isLoopback(address)]).toEqual([address, true]);
  for (const address of ['https://studio-pc.ts.net', 'http://192.168.1.2:4747'])
    expect(isLoopback(address)).toBe(false);
});

const relayOf = (publishableKey: string) => ({
  ...desk,
  fetch: async () =>
    Response.json({ url: 'https://relay.example.org', publishableKey, vapidPublicKey: null, version: 1, now: 1 }),
});

test('another relay is taken only when it answers with the key that was given', async () => {
  const options = { relay: 'https://relay.example.org/', key: 'k1' };
  expect(await readRelay(relayOf('k1'), options)).toEqual({
    relay: { url: 'https://relay.example.org', publishableKey: 'k1' },
    app: 'https://relay.example.org',
  });
  await expect(readRelay(relayOf('k2'), options)).rejects.toThrow(/another publishable key/);
  await expect(readRelay(desk, options)).rejects.toThrow(/No Errand relay answers/);
  await expect(readRelay(desk, { relay: options.relay })).rejects.toThrow(/--key/);
  await expect(readRelay(desk, { relay: 'relay', key: 'k' })).rejects.toThrow(/no address/);
  expect(await readRelay(desk, {})).toBeUndefined();
});

test('the phone app is built again when one of its sources is newer', () => {
  const root = join(desk.home, 'checkout');
  for (const name of ['mobile/dist', 'mobile/state', 'edge/protocol', 'edge/mailbox'])
    mkdirSync(join(root, name), { recursive: true });
  writeFileSync(join(root, 'bun.lock'), '');
  expect(isBuilt(root)).toBe(false);
  writeFileSync(join(root, 'mobile', 'dist', 'index.html'), '');
  expect(isBuilt(root)).toBe(true);
  const newer = new Date(Date.now() + 60_000);
  writeFileSync(join(root, 'mobile', 'state', 'thread.ts'), '');
  utimesSync(join(root, 'mobile', 'state', 'thread.ts'), newer, newer);
  expect(isBuilt(root)).toBe(false);
});
