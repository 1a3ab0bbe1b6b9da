import { afterEach, beforeEach, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const main = join(import.meta.dirname, '..', '..', '..', 'agent', 'main.ts');

let home: string;
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), 'errand-refused-'))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** `errand …` to its end, as a person would start it. */
function errand(data: string, ...args: string[]): { status: number | null; said: string } {
  const env = { PATH: process.env.PATH, HOME: home, ERRAND_DATA: data, ERRAND_KEYRING: 'file' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { cwd: home, env });
  return { status, said: stdout.toString() + stderr.toString() };
}

test('a data folder that cannot be made is said in words, without a stack', () => {
  writeFileSync(join(home, 'file'), '');
  const { status, said } = errand(join(home, 'file', 'data'), 'setup', '--yes');
  expect(status).toBe(1);
  expect(said).toContain('The system does not allow it');
  expect(said).toContain(join(home, 'file'));
  expect(said).not.toContain('    at ');
});

test('a configuration that cannot be read names the file and a way out that works', () => {
  writeFileSync(join(home, 'config.json'), '{bad');
  const { status, said } = errand(home, 'setup', '--yes');
  expect(status).toBe(1);
  expect(said).toContain(`${join(home, 'config.json')} cannot be read`);
  expect(said).toContain('delete it');
  rmSync(join(home, 'config.json'));
  expect(errand(home, 'setup', '--yes')).toMatchObject({ status: 0 });
});
