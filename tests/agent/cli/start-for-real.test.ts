import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listProcesses } from '../../../agent/control/processes.ts';
import { until } from '../../support/until.ts';

setDefaultTimeout(180_000);

const main = join(import.meta.dirname, '..', '..', '..', 'agent', 'main.ts');

let home: string;
let started: ChildProcess[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'errand-start-'));
  for (const name of ['Documents', 'server']) mkdirSync(join(home, name));
  started = [];
});
afterEach(async () => {
  const quit = errand('quit');
  await quit.exited;
  for (const child of started) child.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

/** `errand …` as a process of its own, in an empty home, as a person would start it. */
function errand(...args: string[]) {
  return errandIn(home, ...args);
}

function errandIn(home: string, ...args: string[]) {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: home,
    env: { PATH: process.env.PATH, HOME: home, ERRAND_KEYRING: 'file' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  started.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, exited, said: () => said };
}

/** Processes of this home: every one of them has it in its arguments or its environment. */
function ofThisHome(): string[] {
  return listProcesses('linux')
    .filter(({ zombie, pid }) => !zombie && pid !== process.pid)
    .flatMap(({ pid }) => {
      try {
        const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8') + readFileSync(`/proc/${pid}/environ`, 'utf8');
        return text.includes(home) ? [`${pid} ${text.slice(0, 200)}`] : [];
      } catch {
        return [];
      }
    });
}

const addressIn = (said: string) => /App\s+(http:\S+)/.exec(said)?.[1] ?? '';

test('start brings up relay, app and agent in an empty home, and Ctrl-C leaves nothing running', async () => {
  const start = errand('start', '--port', '0');
  const said = await until(start.said, (text) => text.includes('Ctrl-C ends Errand.') || start.child.exitCode !== null);
  expect(said).toContain('/pair#');
  const address = addressIn(said);
  expect(await (await fetch(`${address}/functions/v1/relay/health`)).json()).toMatchObject({ ok: true });
  const app = await fetch(address);
  expect(app.headers.get('content-type')).toContain('text/html');
  expect(readdirSync(join(home, 'Errand', 'sample')).length).toBe(3);
  const data = join(home, '.errand');
  expect(statSync(data).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(data)) expect([name, statSync(join(data, name)).mode & 0o077]).toEqual([name, 0]);
  start.child.kill('SIGINT');
  expect(await start.exited).toBe(0);
  await until(ofThisHome, (left) => left.length === 0);
});

test('the relay, the supervisor and the worker each killed once: start brings them back at the same address', async () => {
  const start = errand('start', '--port', '0');
  const address = addressIn(await until(start.said, (text) => text.includes('Ctrl-C ends Errand.')));
  const pidIn = (file: string): number => {
    const path = join(home, '.errand', file);
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { pid: number }).pid : 0;
  };
  const worker = pidIn('worker.json');
  process.kill(worker, 'SIGKILL');
  await until(
    () => pidIn('worker.json'),
    (pid) => pid !== worker,
  );
  const stack = pidIn('stack/running.json');
  process.kill(stack, 'SIGKILL');
  await until(
    () => pidIn('stack/running.json'),
    (pid) => pid !== stack && pid !== 0,
  );
  expect((await fetch(`${address}/functions/v1/relay/health`)).ok).toBe(true);
  const status = errand('status');
  expect(await status.exited).toBe(0);
  start.child.kill('SIGTERM');
  expect(await start.exited).toBe(0);
  await until(ofThisHome, (left) => left.length === 0);
});

test('a relay of its own is joined by a desktop that runs none', async () => {
  const relay = errandIn(join(home, 'server'), 'relay', '--port', '0');
  const said = await until(relay.said, (text) => text.includes('--key') || relay.child.exitCode !== null);
  const [, url = '', key = ''] = /--relay (\S+) --key (\S+)/.exec(said) ?? [];
  const up = errand('up', '--relay', url, '--key', key);
  expect([await up.exited, up.said()]).toEqual([0, expect.stringContaining('in the background')]);
  const status = errand('status');
  await status.exited;
  expect(status.said()).toContain(url);
  expect(existsSync(join(home, '.errand', 'stack', 'keys.json'))).toBe(false);
  await errand('quit').exited;
  relay.child.kill('SIGINT');
  expect(await relay.exited).toBe(0);
  await until(ofThisHome, (left) => left.length === 0);
});
