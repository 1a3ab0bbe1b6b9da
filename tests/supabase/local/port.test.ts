import { afterEach, beforeEach, expect, test } from 'bun:test';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../support/until.ts';

const main = join(import.meta.dirname, '..', '..', '..', 'supabase', 'local', 'main.ts');

let data: string;
let other: Server;
let child: ChildProcess;

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'errand-port-'));
  other = createServer();
  // Somebody else may hold it already; either way it is taken.
  await new Promise((resolve) => other.once('error', resolve).listen(4747, '127.0.0.1', () => resolve(undefined)));
});
afterEach(async () => {
  other.close();
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  await ended;
  rmSync(data, { recursive: true, force: true });
});

test('when the usual port is taken, the stack says so and what it means, and takes the next', async () => {
  let said = '';
  child = spawn(process.execPath, [main, '--data', data], { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await until(
    () => said,
    (words) => words.includes('"ready"'),
  );
  expect(said).toContain('Port 4747 is taken by another program');
  expect(said).not.toContain('127.0.0.1:4747');
});
