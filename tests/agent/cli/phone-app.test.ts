import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { buildPhoneApp, isBuilt } from '../../../agent/cli/phone-app.ts';
import { type TestDesk, testDesk } from '../../support/test-desk.ts';

setDefaultTimeout(180_000);

const checkout = join(import.meta.dirname, '..', '..', '..');
const modules = join(checkout, 'node_modules');
const TOOLS = ['vite', 'vite-plugin-solid'];

let desk: TestDesk;
let root: string;
beforeEach(() => {
  const made = testDesk();
  root = join(made.home, 'checkout');
  desk = { ...made, root, bun: join(made.home, 'bun'), env: { ...made.env, PATH: '/usr/bin:/bin' } };
  for (const name of ['mobile', 'edge', 'package.json', 'bun.lock', 'tsconfig.json'])
    cpSync(join(checkout, name), join(root, name), { recursive: true, filter: (path) => basename(path) !== 'dist' });
  mkdirSync(join(root, 'node_modules'));
  for (const name of readdirSync(modules).filter((name) => !TOOLS.includes(name)))
    symlinkSync(join(modules, name), join(root, 'node_modules', name));
  downloads(
    `cp package.json ${root}/asked.json; mkdir node_modules; ln -s ${TOOLS.map((name) => join(modules, name)).join(' ')} node_modules`,
  );
});
afterEach(() => desk.clear());

/** A Bun of which only the download is not real. */
function downloads(how: string): void {
  const script = `#!/bin/sh\nif [ "$1" = install ]; then\n${how}\nelse exec ${process.execPath} "$@"; fi\n`;
  writeFileSync(desk.bun, script, { mode: 0o755 });
}

const built = (name: string) => join(root, 'mobile', 'dist', name);
const leftOver = () => readdirSync(join(root, '.errand'));

function changeSource(): void {
  const newer = new Date(Date.now() + 60_000);
  utimesSync(join(root, 'mobile', 'index.html'), newer, newer);
}

test('an installation without build tools gets them for the moment of a build, and nothing of them stays', async () => {
  await buildPhoneApp(desk);
  expect(isBuilt(root)).toBe(true);
  for (const name of ['index.html', 'sw.js', 'manifest.webmanifest']) expect(existsSync(built(name))).toBe(true);
  const asked: unknown = JSON.parse(readFileSync(join(root, 'asked.json'), 'utf8'));
  expect(asked).toEqual({
    type: 'module',
    devDependencies: { vite: expect.any(String), 'vite-plugin-solid': expect.any(String) },
  });
  expect(leftOver()).toEqual([]);
  expect(TOOLS.filter((name) => existsSync(join(root, 'node_modules', name)))).toEqual([]);
  downloads('exit 1');
  await buildPhoneApp(desk);
});

test('tools that cannot be had leave the app that was there, and say what to do', async () => {
  mkdirSync(join(root, 'mobile', 'dist'));
  writeFileSync(built('index.html'), 'earlier');
  changeSource();
  downloads('echo no network; exit 1');
  await expect(buildPhoneApp(desk)).rejects.toThrow(/no network[^]*online/);
  expect(readFileSync(built('index.html'), 'utf8')).toBe('earlier');
  expect(leftOver()).toEqual([]);
});

test('a build that fails leaves the app that was there, and says why', async () => {
  mkdirSync(join(root, 'mobile', 'dist'));
  writeFileSync(built('index.html'), 'earlier');
  writeFileSync(join(root, 'mobile', 'sw.ts'), 'export const (');
  changeSource();
  await expect(buildPhoneApp(desk)).rejects.toThrow(/could not be built/);
  expect(readFileSync(built('index.html'), 'utf8')).toBe('earlier');
  expect(leftOver()).toEqual([]);
});

test('a checkout with the tools of developers builds in place and downloads nothing', async () => {
  downloads('exit 1');
  for (const name of TOOLS) symlinkSync(join(modules, name), join(root, 'node_modules', name));
  await buildPhoneApp(desk);
  expect(isBuilt(root)).toBe(true);
  expect(existsSync(join(root, '.errand'))).toBe(false);
});
