import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'bun:test';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { appStack } from './support/app-stack.ts';

/* `errand send`: a person at a terminal that is a phone. */

const program = join(import.meta.dirname, '..', '..', 'mobile', 'terminal.ts');

let stack: TestStack;
let folder: string;
let child: ChildProcess;
let said = '';

beforeAll(async () => {
  stack = await appStack();
});
afterAll(() => stack.stop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'errand-terminal-'));
});
afterEach(() => {
  child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function run(...args: string[]): void {
  said = '';
  child = spawn(process.execPath, [program, ...args], { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
}
const send = (relay: string): void => run('Tidy up', '--data', folder, '--relay', relay);
const hears = (words: string): Promise<string> =>
  until(
    () => said,
    (text) => text.includes(words),
  );
async function answer(question: string, words: string): Promise<void> {
  await hears(question);
  said = '';
  child.stdin?.write(`${words}\n`);
}
async function ended(): Promise<number | null> {
  if (child.exitCode === null) await new Promise((resolve) => child.once('close', resolve));
  return child.exitCode;
}

test('an option that does not exist is named, with how it goes', async () => {
  run('Tidy up', '--frob');
  expect(await ended()).toBe(1);
  expect(said).toContain("Unknown option '--frob'");
  expect(said).toContain('It goes like this: errand send');
  expect(said).not.toContain('    at ');
});

test('a wrong password is said in words and asked again; when nobody answers any more, it ends', async () => {
  send(stack.url);
  await answer('account here?', 'y');
  await answer('E-mail: ', 'nobody@example.org');
  await answer('Password: ', 'not the password');
  await hears('E-mail or password is wrong.');
  await hears('account here?');
  child.stdin?.end();
  expect(await ended()).toBe(1);
  expect(said).toContain('Nobody answered');
});

test('a relay that does not answer is said in words', async () => {
  send('http://127.0.0.1:1');
  await answer('account here?', 'y');
  await answer('E-mail: ', 'ann@example.org');
  await answer('Password: ', 'correct horse battery staple');
  expect(await ended()).toBe(1);
  expect(said).toContain('The relay cannot be reached.');
});
