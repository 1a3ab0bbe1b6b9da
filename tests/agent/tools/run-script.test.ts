import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sha256B64u, toBytes } from '../../../edge/protocol/bytes.ts';
import type { Grant } from '../../../edge/protocol/grant.ts';
import { runScript } from '../../../agent/tools/run-script.ts';
import { tempDesk, type TempDesk } from '../../support/temp-desk.ts';

setDefaultTimeout(120_000);

const grants: readonly Grant[] = [{ do: 'script', name: 'job' }];

let at: TempDesk;
beforeEach(async () => {
  at = await tempDesk();
});
afterEach(() => at.remove());

async function register(text: string, argv?: readonly string[]): Promise<void> {
  const file = await at.put('bin/job.sh', text);
  const sha256 = await sha256B64u(toBytes(text));
  at.rules.scripts.push({ name: 'job', file, argv: [...(argv ?? ['sh', file, 'one argument'])], cwd: at.home, sha256 });
}
const run = () => at.call(runScript, { name: 'job' }, grants);

describe('run_script', () => {
  test('runs the registered command in its folder, and answers the end of both outputs', async () => {
    await register('pwd; echo "$#: $1"; echo to stderr >&2');
    const { content, failed, taint } = await run();
    expect(failed).toBe(false);
    expect(content).toContain('The script job ended well.');
    expect(content).toContain(`${at.home}\n1: one argument\n`);
    expect(content).toContain('to stderr');
    expect(taint).toEqual({ untrusted: true, private: true });
  });

  test('gives the script nothing of the agent’s environment', async () => {
    process.env['ERRAND_TEST_SECRET'] = 'do not tell';
    await register('env');
    expect((await run()).content).not.toContain('do not tell');
    delete process.env['ERRAND_TEST_SECRET'];
  });

  test('is a failure when the script fails or cannot start', async () => {
    await register('echo half; exit 3');
    expect(await run()).toMatchObject({ failed: true, content: expect.stringContaining('ended with code 3') });
    at.rules.scripts.length = 0;
    await register('x', ['/no/such/program']);
    expect(await run()).toMatchObject({ failed: true, content: expect.stringContaining('could not be started') });
  });

  test('keeps the end of a long output', async () => {
    await register('i=0; while [ $i -lt 5000 ]; do echo "line $i"; i=$((i+1)); done');
    const { content } = await run();
    expect(content.length).toBeLessThan(9000);
    expect(content).toContain('line 4999');
    expect(content).not.toContain('line 10\n');
  });

  test('stops with all its children when the step is stopped', async () => {
    await register('(sleep 1; echo alive > survived) & echo started > started; wait');
    const done = run();
    while (!existsSync(join(at.home, 'started'))) await Bun.sleep(10);
    at.controller.abort();
    expect(await done).toMatchObject({ failed: true, content: expect.stringContaining('was stopped') });
    expect(existsSync(join(at.home, 'survived'))).toBe(false);
  });

  test('does not run what it may not', async () => {
    await register('echo ran > ran');
    await at.put('bin/job.sh', 'echo ran differently > ran');
    expect((await run()).content).toMatch(/^ask: the script "job": The script’s file has changed/);
    expect((await at.call(runScript, { name: 'other' }, grants)).content).toMatch(/script\.unknown/);
    expect(existsSync(join(at.home, 'ran'))).toBe(false);
  });
});
