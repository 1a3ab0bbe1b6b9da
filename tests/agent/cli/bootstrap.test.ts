import { afterEach, beforeEach, expect, test } from 'bun:test';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type Bootstrapping, bootstrap } from '../../../agent/cli/bootstrap.ts';

const PINNED = '1.4.5';
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'errand-checkout-'));
  writeFileSync(join(root, 'bun.lock'), 'lock 1');
  const manifest = { dependencies: { bun: PINNED, zod: '4.6.7' }, devDependencies: { typescript: '7.0.2' } };
  writeFileSync(join(root, 'package.json'), JSON.stringify(manifest));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(name: string, version: string): void {
  const folder = join(root, 'node_modules', name);
  mkdirSync(join(folder, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ version }));
  if (name.includes('bun')) writeFileSync(join(folder, 'bin', 'bun'), '');
}

function putAll(): void {
  put('bun', PINNED);
  put('zod', '4.6.7');
}

type Ran = { command: string; args: string[]; options: SpawnOptions };

/** Runs nothing: notes what would be run, and ends each program as `outcome` says. */
function around(outcome: (ran: Ran) => { code: number; output?: string }, changed: Partial<Bootstrapping> = {}) {
  const ran: Ran[] = [];
  const forwarded: unknown[] = [];
  const given: Bootstrapping = {
    root,
    bun: '/found/bun',
    version: PINNED,
    args: ['start', '--port', '1'],
    env: { HOME: '/home/me' },
    say: () => {},
    spawn(command, args, options) {
      const one = { command, args, options };
      ran.push(one);
      const child = Object.assign(new EventEmitter(), { stdout: new PassThrough(), stderr: new PassThrough() });
      const { code, output = '' } = outcome(one);
      child.stdout.write(output);
      setImmediate(() => child.emit('close', code));
      return child as unknown as ChildProcess;
    },
    forward: (child) => forwarded.push(child),
    ...changed,
  };
  return { ran, forwarded, given };
}

const installs = ({ args }: Ran) => args[0] === 'install';

test('with everything installed and the right Bun nothing is run', async () => {
  putAll();
  const { ran, given } = around(() => ({ code: 0 }));
  expect(await bootstrap(given)).toBeUndefined();
  expect(ran).toEqual([]);
});

test('a fresh checkout is installed without the tools of developers, exactly as locked', async () => {
  const { ran, given } = around(() => {
    putAll();
    return { code: 0 };
  });
  expect(await bootstrap(given)).toBeUndefined();
  expect(ran.map(({ command, args }) => [command, ...args])).toEqual([
    ['/found/bun', 'install', '--frozen-lockfile', '--production'],
  ]);
});

test('a checkout with the tools of developers keeps them', async () => {
  put('typescript', '7.0.2');
  const { ran, given } = around(() => {
    putAll();
    return { code: 0 };
  });
  await bootstrap(given);
  expect(ran[0]?.args).toEqual(['install', '--frozen-lockfile']);
});

test('a package of another version, or a lockfile that changed since, is installed again', async () => {
  putAll();
  put('zod', '4.0.0');
  const stale = around(() => {
    put('zod', '4.6.7');
    return { code: 0 };
  });
  await bootstrap(stale.given);
  expect(stale.ran.some(installs)).toBe(true);
  expect(existsSync(join(root, 'node_modules', '.errand-installed'))).toBe(true);
  writeFileSync(join(root, 'bun.lock'), 'lock 2');
  const changed = around(() => ({ code: 0 }));
  await bootstrap(changed.given);
  expect(changed.ran.some(installs)).toBe(true);
  const settled = around(() => ({ code: 0 }));
  await bootstrap(settled.given);
  expect(settled.ran).toEqual([]);
});

test('an installation that fails is told with its own words, and is tried again next time', async () => {
  const { given } = around(() => ({ code: 1, output: 'error: no network' }));
  await expect(bootstrap(given)).rejects.toThrow('no network');
  const again = around(() => ({ code: 1 }));
  await expect(bootstrap(again.given)).rejects.toThrow('online');
});

test('under another Bun the pinned one carries out the command, and its exit code is ours', async () => {
  putAll();
  const { ran, forwarded, given } = around(
    ({ args }) => (args[0] === '--version' ? { code: 0, output: `${PINNED}\n` } : { code: 7 }),
    { version: '1.4.2' },
  );
  expect(await bootstrap(given)).toBe(7);
  const last = ran.at(-1);
  expect(last?.command).toBe(join(root, 'node_modules', 'bun', 'bin', 'bun'));
  expect(last?.args).toEqual([join(root, 'agent', 'main.ts'), 'start', '--port', '1']);
  expect(last?.options.stdio).toBe('inherit');
  expect(forwarded.length).toBe(1);
});

test('a program of another system is passed over for the one that runs here', async () => {
  putAll();
  put('@oven/bun-linux-x64-musl', PINNED);
  put('@oven/bun-linux-x64', PINNED);
  const right = join(root, 'node_modules', '@oven', 'bun-linux-x64', 'bin', 'bun');
  const { ran, given } = around(
    ({ command, args }) => {
      if (args[0] !== '--version') return { code: 0 };
      if (command.includes('musl')) throw new Error('ENOENT');
      return command === right ? { code: 0, output: `${PINNED}\n` } : { code: 1 };
    },
    { version: '1.4.2' },
  );
  expect(await bootstrap(given)).toBe(0);
  expect(ran.at(-1)?.command).toBe(right);
});

test('the pinned Bun that is still another one is an error, not an endless hand-over', async () => {
  putAll();
  const { given } = around(() => ({ code: 0 }), { version: '1.4.2', env: { ERRAND_HANDED_OVER: '1' } });
  await expect(bootstrap(given)).rejects.toThrow('1.4.2');
});
