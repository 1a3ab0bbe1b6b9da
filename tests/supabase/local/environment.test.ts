import { expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';

const main = join(import.meta.dirname, '..', '..', '..', 'supabase', 'local', 'main.ts');

test.each([
  ['ERRAND_LIMITS', '{"task": [30, 60]}'],
  ['ERRAND_SIGN_UPS', 'nobody'],
])('a stack whose %s means nothing does not start, and names it', async (name, value) => {
  const data = mkdtempSync(join(tmpdir(), 'errand-environment-'));
  const child = spawn(process.execPath, [main, '--data', data, '--port', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, [name]: value },
  });
  try {
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    expect([said.trim().split('\n').at(-1), code]).toEqual([expect.stringContaining(name), 1]);
  } finally {
    child.kill('SIGTERM');
    rmSync(data, { recursive: true, force: true });
  }
});
