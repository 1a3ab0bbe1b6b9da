import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findAgent } from '../../../agent/cli/agent-process.ts';
import { type Command, DeskError } from '../../../agent/cli/command.ts';
import { devices } from '../../../agent/cli/devices.ts';
import { doErrand } from '../../../agent/cli/do.ts';
import { login } from '../../../agent/cli/login.ts';
import { pair } from '../../../agent/cli/pair.ts';
import { quit } from '../../../agent/cli/quit.ts';
import { script } from '../../../agent/cli/script.ts';
import { send } from '../../../agent/cli/send.ts';
import { start } from '../../../agent/cli/start.ts';
import { status } from '../../../agent/cli/status.ts';
import { stop } from '../../../agent/cli/stop.ts';
import { up } from '../../../agent/cli/up.ts';
import { readConfig, writeConfig } from '../../../agent/config.ts';
import { type TestDesk, testDesk } from '../../support/test-desk.ts';
import { until } from '../../support/until.ts';

setDefaultTimeout(60_000);

/** A desk whose relay is elsewhere, so that only the agent is started: a real supervisor, with the fake worker. */
function deskWith(fake = ''): TestDesk {
  const fresh = testDesk();
  writeConfig(fresh.data, {
    name: 'Studio-PC',
    relay: { url: 'https://relay.example.org', publishableKey: 'sb_publishable_x' },
    app: 'https://relay.example.org',
    roots: ['~/Documents'],
    sensitive: [],
    model: { kind: 'offline' },
    remotePower: true,
    scripts: [],
  });
  return { ...fresh, env: { ...fresh.env, ERRAND_FAKE: fake } };
}

let desk: TestDesk;
beforeEach(() => void (desk = deskWith()));
afterEach(async () => {
  await quit(desk, []);
  desk.clear();
});

const words = () => desk.said.join('\n');
const heard = () =>
  existsSync(join(desk.data, 'heard'))
    ? readFileSync(join(desk.data, 'heard'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { request?: object })
    : [];
const requests = () => heard().flatMap(({ request }) => request ?? []);
const run = (command: Command, ...args: string[]) => command(desk, args);

test('without a running agent a command says how to start it', async () => {
  await expect(run(status)).rejects.toThrow(/npx bun run start/);
  await expect(run(doErrand, 'tidy up')).rejects.toBeInstanceOf(DeskError);
});

test('up starts the agent in the background, status shows it, quit ends it', async () => {
  expect(await run(up)).toBe(0);
  expect(await run(status)).toBe(0);
  expect(words()).toContain('Studio-PC: ready');
  expect(words()).toContain('https://relay.example.org');
  expect(await run(quit)).toBe(0);
  expect(await findAgent(desk)).toBeUndefined();
});

test('up again finds the running agent; stop stays until up', async () => {
  await run(up);
  await run(up);
  await run(stop);
  await run(status);
  expect(words()).toContain('Studio-PC: stopped');
  desk.said.length = 0;
  await run(up);
  await until(
    async () => {
      await run(status);
      return words();
    },
    (text) => text.includes('Studio-PC: ready'),
  );
});

test('an errand from the desk carries the grants of its words, and its result is shown', async () => {
  await run(up);
  expect(await run(doErrand, 'Summarise ~/Inbox into ~/Reports/summary.docx')).toBe(0);
  expect(words()).toContain('may read ~/Inbox');
  expect(words()).toContain('may write ~/Reports/summary.docx');
  expect(words()).toContain('Three facts.\n  /reports/summary.docx');
  expect(requests()).toContainEqual({
    do: 'task',
    text: 'Summarise ~/Inbox into ~/Reports/summary.docx',
    grants: [
      { do: 'read', path: '~/Inbox' },
      { do: 'write', path: '~/Reports/summary.docx', replace: false },
    ],
    thread: null,
  });
});

test('an errand that failed ends with code 1; one nobody waits for is only handed over', async () => {
  await run(up);
  expect(await run(doErrand, 'fail')).toBe(1);
  expect(await run(doErrand, '--no-wait', 'endless')).toBe(0);
  expect(words()).toContain('on its way');
});

test('Ctrl-C leaves an errand running', async () => {
  await run(up);
  const waiting = run(doErrand, 'endless');
  await until(words, (text) => text.includes('Working: endless'));
  desk.interrupt();
  expect(await waiting).toBe(1);
  expect(words()).toContain('goes on without this terminal');
});

test('an errand without words is refused', async () => {
  await expect(run(doErrand)).rejects.toThrow(/Say what to do/);
});

test('pair shows code and link, a loopback link without a picture, and one key allows the phone', async () => {
  await run(up);
  const waiting = run(pair);
  await until(words, (text) => text.includes('It shows 418 203'));
  expect(words()).toContain('errand phone');
  expect(words()).not.toMatch(/[█▀▄]/);
  desk.type('xa');
  await until(requests, (all) =>
    all.some((request) => Bun.deepEquals(request, { do: 'allow', claim: 'claim-1', ok: true, mayPower: false })),
  );
  await waiting;
  expect(requests().at(-1)).toEqual({ do: 'unpair' });
});

test('devices are listed and dropped by name', async () => {
  desk = { ...desk, env: { ...desk.env, ERRAND_FAKE: 'phone' } };
  await run(up);
  await run(devices);
  expect(words()).toContain('Pixel 8');
  await expect(run(devices, 'drop', 'iPhone')).rejects.toThrow(/no phone "iPhone"/);
  await run(devices, 'drop', 'Pixel', '8');
  expect(requests()).toContainEqual({ do: 'drop', kid: 'K'.repeat(43) });
});

test('login hands e-mail, password and code to the agent', async () => {
  await run(up);
  desk.type('me@example.org\nsecret\n123456\n');
  expect(await run(login)).toBe(0);
  expect(requests()).toContainEqual({ do: 'login', email: 'me@example.org', password: 'secret', code: '123456' });
  expect(words()).not.toContain('secret');
});

test('a script is pinned by the hash of its file, listed, and run by name', async () => {
  writeFileSync(join(desk.home, 'backup.sh'), 'echo hello');
  await run(up);
  await run(script, 'add', 'backup', '--', 'sh', 'backup.sh');
  const [added] = readConfig(desk.data).scripts;
  expect(added).toMatchObject({ name: 'backup', argv: ['sh', 'backup.sh'], cwd: desk.home });
  expect(added?.file.endsWith('backup.sh')).toBe(true);
  expect(await run(script, 'run', 'backup')).toBe(0);
  expect(requests()).toContainEqual(
    expect.objectContaining({ script: 'backup', grants: [{ do: 'script', name: 'backup' }] }),
  );
  writeFileSync(join(desk.home, 'backup.sh'), 'echo other');
  await run(script, 'list');
  expect(words()).toContain('CHANGED');
  await expect(run(script, 'run', 'restore')).rejects.toThrow(/no script "restore"/);
});

test('start shows the address and one link, takes the key from a pipe, and Ctrl-C ends what it started', async () => {
  const started = run(start);
  await until(words, (text) => text.includes('It shows 418 203'));
  expect(words()).toContain('Errand runs on Studio-PC.');
  expect(words()).toContain('http://127.0.0.1:4747/pair#K7QMK7QMK7QMK7QMK7QM');
  expect(words()).toContain('no AI: offline planner');
  desk.type('a\n');
  await until(requests, (all) => all.some((request) => 'claim' in request));
  desk.interrupt();
  expect(await started).toBe(0);
  expect(await findAgent(desk)).toBeUndefined();
});

test('start with a paired phone shows no link', async () => {
  desk = { ...desk, env: { ...desk.env, ERRAND_FAKE: 'phone' } };
  const started = run(start);
  await until(words, (text) => text.includes('Ctrl-C'));
  expect(words()).not.toContain('First start');
  desk.interrupt();
  await started;
});

test('a second start joins the first, and leaves it running', async () => {
  const first = run(start);
  await until(words, (text) => text.includes('Ctrl-C ends Errand.'));
  const second: TestDesk = { ...testDesk(), data: desk.data, home: desk.home };
  const joined = start(second, []);
  await until(
    () => second.said.join('\n'),
    (text) => text.includes('It ran already'),
  );
  second.interrupt();
  expect(await joined).toBe(0);
  expect(second.said.join('\n')).toContain('keeps running');
  (await findAgent(desk))?.close();
  desk.interrupt();
  await first;
  second.clear();
});

test('a killed supervisor is started again by start', async () => {
  const started = run(start);
  await until(words, (text) => text.includes('Ctrl-C ends Errand.'));
  const agent = await findAgent(desk);
  const reply = await agent?.call({ do: 'status' });
  if (reply?.is !== 'status') throw new Error('no status');
  process.kill(reply.status.pids.supervisor, 'SIGKILL');
  await until(words, (text) => text.includes('started again'));
  await until(
    () => findAgent(desk),
    (found) => found !== undefined,
  );
  desk.interrupt();
  expect(await started).toBe(0);
});

test('quit at another terminal ends start as well', async () => {
  const started = run(start);
  await until(words, (text) => text.includes('Ctrl-C ends Errand.'));
  await run(quit);
  expect(await started).toBe(0);
  expect(words()).toContain('ended elsewhere');
});

test('a mistyped argument is named, not passed over', async () => {
  await expect(run(status, '--jsno')).rejects.toThrow(/--jsno/);
  await expect(run(quit, 'now')).rejects.toThrow(/now/);
  await expect(run(devices, 'dorp', 'Pixel 8')).rejects.toThrow(/"dorp" is not known/);
  await expect(run(up, '--key', 'sb_publishable_x')).rejects.toThrow(/which relay/);
});

test('send hands its words, its own folder and the relay to the terminal phone', async () => {
  mkdirSync(join(desk.home, 'mobile'));
  writeFileSync(
    join(desk.home, 'mobile', 'terminal.ts'),
    `require('node:fs').writeFileSync('${join(desk.home, 'told')}', JSON.stringify(process.argv.slice(2))); process.exit(3);`,
  );
  desk = { ...desk, root: desk.home };
  expect(await run(send, 'Tidy up', '--no-wait')).toBe(3);
  const told = JSON.parse(readFileSync(join(desk.home, 'told'), 'utf8')) as string[];
  const folder = join(desk.data, 'terminal');
  expect(told).toEqual(['--data', folder, '--relay', 'https://relay.example.org', 'Tidy up', '--no-wait']);
  await run(send, 'Tidy up', '--relay', 'http://127.0.0.1:1');
  expect(readFileSync(join(desk.home, 'told'), 'utf8')).not.toContain('relay.example.org');
});
