import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { API_KEY, openKeyring } from '../../../agent/link/keyring.ts';
import { openKeys } from '../../../agent/link/keys.ts';

let folder: string;
let notices: string[];

beforeEach(() => {
  notices = [];
  folder = mkdtempSync(join(tmpdir(), 'errand-keys-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = () => openKeyring({ folder, force: 'file', notice: (text) => notices.push(text) });
const load = async (known?: string) => (await openKeys({ keyring: await open(), name: 'Studio-PC', known })).identity;

test('a desktop keeps its identity, and its private keys cannot be read out again', async () => {
  const first = await load();
  const second = await load(first.device.kid);
  expect(second.device).toEqual(first.device);
  expect(second.signing.privateKey.extractable).toBe(false);
  expect(second.encryption.privateKey.extractable).toBe(false);
});

test('keys say whether they were made just now', async () => {
  const opened = async () => (await openKeys({ keyring: await open(), name: 'Studio-PC', known: undefined })).made;
  expect([await opened(), await opened()]).toEqual([true, false]);
});

test('a wiped journal means another encryption key: nothing that was sealed before opens', async () => {
  const first = await load();
  const second = await load();
  expect(second.device.kid).toBe(first.device.kid);
  expect(second.device.ek).not.toBe(first.device.ek);
  expect(second.retired).toEqual([]);
  expect((await load(second.device.kid)).device.ek).toBe(second.device.ek);
});

test('keys in a file are for the owner only, and said so once', async () => {
  await load();
  await load();
  expect(statSync(join(folder, 'secrets.json')).mode & 0o077).toBe(0);
  expect(notices).toHaveLength(1);
});

test('missing or other keys are an error, never a new identity', async () => {
  const { device } = await load();
  rmSync(join(folder, 'secrets.json'));
  await expect(load(device.kid)).rejects.toThrow('missing');
  expect(await (await open()).get('identity')).toBeUndefined();
  await load();
  await expect(load(device.kid)).rejects.toThrow('missing');
});

test('a recorded keychain that does not answer is an error, not a reason to use a file', async () => {
  writeFileSync(join(folder, 'keyring'), 'keychain');
  const keyring = await openKeyring({ folder, force: undefined, notice: () => undefined });
  expect(keyring.backend).toBe('keychain');
  const answer = await keyring.get('identity').catch((error: unknown) => error);
  // On a machine with a keyring there is simply nothing under this name.
  expect(answer === undefined || (answer instanceof Error && answer.message.includes('locked'))).toBe(true);
});

test('secrets lie beside each other', async () => {
  const keyring = await open();
  await keyring.set(API_KEY, 'sk-test');
  await load();
  expect(await (await open()).get(API_KEY)).toBe('sk-test');
});
