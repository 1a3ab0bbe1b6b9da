import { afterAll, beforeAll, expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { deno, fillDenoCache, frozen, ownEnvironment, serveArguments } from '../support/deno.ts';

/* The relay's run of tests under Deno proves something about a hosted function only if nothing but the lockfile decides what runs. */

const root = resolve(import.meta.dirname, '..', '..');
let folder: string;
let filled: string;
/** The only way out: it leads nowhere, and counts who wanted to take it. */
let out: Server;
let port: number;
let asked = 0;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'errand-deno-'));
  filled = join(folder, 'filled');
  fillDenoCache({ DENO_DIR: filled });
  out = createServer((socket) => {
    asked++;
    socket.destroy();
  });
  port = await new Promise((resolve) => {
    out.listen(0, '127.0.0.1', () => {
      const address = out.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
});
afterAll(() => {
  out.close();
  rmSync(folder, { recursive: true });
});

/** What a start of the relay says until it listens or ends. */
async function starting(cache: string, ...options: readonly string[]): Promise<string> {
  asked = 0;
  const proxy = `http://127.0.0.1:${port}`;
  const child = spawn(deno, serveArguments(...options), {
    env: {
      ...ownEnvironment(),
      DENO_DIR: cache,
      HTTP_PROXY: proxy,
      HTTPS_PROXY: proxy,
      SUPABASE_URL: 'http://127.0.0.1:9',
      SUPABASE_ANON_KEY: 'a',
      SUPABASE_SERVICE_ROLE_KEY: 'b',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise((done) => child.once('close', done));
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    if (said.includes('Listening')) child.kill();
  });
  await ended;
  return said;
}

test('with what its lockfile names at hand, the relay starts and asks nobody', async () => {
  expect(await starting(filled, '--cached-only', ...frozen())).toContain('Listening');
  expect(asked).toBe(0);
});

test('without, it does not start, and still asks nobody', async () => {
  expect(await starting(join(folder, 'empty'), '--cached-only', ...frozen())).toContain('--cached-only');
  expect(asked).toBe(0);
});

test('and would ask if it were let', async () => {
  expect(await starting(join(folder, 'other'), ...frozen())).not.toContain('Listening');
  expect(asked).toBeGreaterThan(0);
});

test('a package that the lockfile does not name is refused', async () => {
  const lockfile = join(folder, 'altered.lock');
  const text = readFileSync(join(root, 'edge/deno.lock'), 'utf8');
  writeFileSync(lockfile, text.replace(/ *"npm:jose@[\d.]+": "[\d.]+",\n/, ''));
  expect(await starting(filled, '--cached-only', ...frozen(lockfile))).not.toContain('Listening');
});

test('both lockfiles name the same packages, byte for byte', () => {
  const lock: unknown = JSON.parse(readFileSync(join(root, 'edge/deno.lock'), 'utf8'));
  const { npm } = lock as { npm: Record<string, { integrity: string }> };
  const bun = readFileSync(join(root, 'bun.lock'), 'utf8');
  expect(Object.keys(npm).length).toBeGreaterThan(8);
  for (const [name, { integrity }] of Object.entries(npm)) {
    const line = bun.split('\n').find((each) => each.includes(`["${name}", `));
    expect([name, line?.includes(integrity)]).toEqual([name, true]);
  }
});
