import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test';
import { statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connectControl } from '../../../agent/control/control-client.ts';
import { listProcesses } from '../../../agent/control/processes.ts';
import { type Desk, desk, workerPid } from '../../support/real-supervisor.ts';
import { until } from '../../support/until.ts';

setDefaultTimeout(60_000);

let home: Desk;
beforeEach(() => void (home = desk()));
afterEach(() => home.clear());

const alive = (pid: number) => listProcesses('linux').some((process) => process.pid === pid && !process.zombie);
const sleepers = (pid: number) => {
  const all = listProcesses('linux');
  const found = new Set([pid]);
  for (const process of all) if (found.has(process.parent)) found.add(process.pid);
  return [...found].filter((child) => child !== pid);
};

test('a worker is started, and answers the desk through the supervisor', async () => {
  const client = await home.start().connect();
  const pid = await workerPid(client);
  expect(alive(pid)).toBe(true);
  expect(await client.call({ do: 'pair' })).toMatchObject({ is: 'offer', code: 'K7QMK7QMK7QMK7QMK7QM' });
  client.close();
});

test('the socket and the data folder belong to the owner alone', async () => {
  const client = await home.start().connect();
  expect(statSync(join(home.data, 'control.sock')).mode & 0o777).toBe(0o600);
  expect(statSync(home.data).mode & 0o777).toBe(0o700);
  client.close();
});

test('a request that comes before the worker is ready waits for it', async () => {
  const client = await home.start().connect();
  expect(await client.call({ do: 'reload' })).toEqual({ is: 'done' });
  client.close();
});

test('a killed worker is started again, and what it was asked is answered with an error', async () => {
  const client = await home.start().connect();
  const first = await workerPid(client);
  const reply = await client.call({ do: 'task', text: 'crash', grants: [], thread: null });
  expect(reply).toMatchObject({ is: 'error', code: 'worker.gone' });
  expect(await workerPid(client, first)).not.toBe(first);
  client.close();
});

test('a worker that crashes again and again is named in the status', async () => {
  const client = await home.start({ ERRAND_FAKE: 'crash' }).connect();
  const reply = await until(
    () => client.call({ do: 'status' }),
    (found) => found.is === 'status' && found.status.why.includes('crashed'),
  );
  expect(reply).toMatchObject({ status: { why: expect.stringContaining('code 3'), pids: { worker: null } } });
  client.close();
});

test('stop orders the worker to end with the reason, and up starts it again', async () => {
  const supervisor = home.start();
  const client = await supervisor.connect();
  const first = await workerPid(client);
  expect(await client.call({ do: 'stop' })).toEqual({ is: 'done' });
  expect(alive(first)).toBe(false);
  expect(supervisor.heard()).toContainEqual({
    order: 'end',
    presence: 'stopped-by-owner',
    why: expect.stringContaining('errand up'),
  });
  expect(await client.call({ do: 'pair' })).toMatchObject({ is: 'error', code: 'worker.off' });
  await client.call({ do: 'up' });
  expect(await workerPid(client)).toBeGreaterThan(0);
  client.close();
});

test('stopped by the owner stays stopped through a restart', async () => {
  const before = home.start();
  const client = await before.connect();
  await workerPid(client);
  await client.call({ do: 'stop' });
  await client.call({ do: 'quit' });
  await before.exited;
  const again = await home.start().connect();
  await until(
    () => again.call({ do: 'status' }),
    (reply) => reply.is === 'status' && reply.status.presence === 'stopped-by-owner',
  );
  expect(await again.call({ do: 'status' })).toMatchObject({ status: { pids: { worker: null } } });
  again.close();
});

test('a worker that ignores the order ends with everything it started, orphans in sessions of their own included', async () => {
  const client = await home.start({ ERRAND_FAKE: 'stubborn family' }).connect();
  const pid = await workerPid(client);
  const supervisor = await supervisorPid(client);
  const orphan = () =>
    listProcesses('linux').find(
      (process) => process.parent === supervisor && process.session === process.pid && process.pid !== pid,
    );
  await until(orphan, (found) => found !== undefined);
  const family = [...sleepers(pid), orphan()?.pid ?? 0];
  expect(family.length).toBeGreaterThanOrEqual(3);
  await client.call({ do: 'stop' });
  expect([pid, ...family].filter(alive)).toEqual([]);
  client.close();
});

async function supervisorPid(client: { call: (request: { do: 'status' }) => Promise<unknown> }): Promise<number> {
  const reply = (await client.call({ do: 'status' })) as { status: { pids: { supervisor: number } } };
  return reply.status.pids.supervisor;
}

test('a second supervisor on the same data folder is refused in one sentence', async () => {
  const client = await home.start().connect();
  const second = home.start();
  expect(await second.exited).toBe(1);
  expect(second.said()).toContain('already runs');
  expect(await client.call({ do: 'reload' })).toEqual({ is: 'done' });
  client.close();
});

test('after kill -9 the next supervisor ends what was left, and takes over socket and lock', async () => {
  const first = home.start({ ERRAND_FAKE: 'stubborn family' });
  const client = await first.connect();
  const pid = await workerPid(client);
  const family = sleepers(pid);
  first.process.kill('SIGKILL');
  await first.exited;
  expect(alive(pid)).toBe(true);
  const again = await home.start().connect();
  expect([pid, ...family].filter(alive)).toEqual([]);
  expect(await workerPid(again, pid)).not.toBe(pid);
  again.close();
});

test('quit ends worker and supervisor, and removes nothing of the owner', async () => {
  const supervisor = home.start();
  const client = await supervisor.connect();
  const pid = await workerPid(client);
  expect(await client.call({ do: 'quit' })).toEqual({ is: 'done' });
  expect(await supervisor.exited).toBe(0);
  expect(alive(pid)).toBe(false);
  expect(await connectControl(join(home.data, 'control.sock'))).toBeUndefined();
});

test('an attached terminal hears notices, and one that attaches late hears what still waits', async () => {
  const supervisor = home.start();
  const early = await supervisor.connect();
  const heard: unknown[] = [];
  early.onNotice((notice) => heard.push(notice));
  await early.call({ do: 'attach' });
  await early.call({ do: 'pair' });
  const claim = { say: 'claim', claim: 'claim-1', name: 'Pixel 8', digits: '418 203' };
  await until(
    () => heard,
    (notices) => notices.some((notice) => Bun.deepEquals(notice, claim)),
  );
  const late = await supervisor.connect();
  const heardLate: unknown[] = [];
  late.onNotice((notice) => heardLate.push(notice));
  await late.call({ do: 'attach' });
  expect(heardLate).toContainEqual(claim);
  await early.call({ do: 'allow', claim: 'claim-1', ok: true, mayPower: true });
  const later = await supervisor.connect();
  const heardLater: unknown[] = [];
  later.onNotice((notice) => heardLater.push(notice));
  await later.call({ do: 'attach' });
  expect(heardLater).toEqual([]);
  for (const client of [early, late, later]) client.close();
});

test('words that are no request end the connection and nothing else', async () => {
  const supervisor = home.start();
  const client = await supervisor.connect();
  const stranger = connect(join(home.data, 'control.sock'));
  stranger.write('{"do":"status"}\n');
  await new Promise((resolve) => stranger.on('close', resolve));
  expect(await client.call({ do: 'reload' })).toEqual({ is: 'done' });
  client.close();
});

test('a damaged memory of the supervisor means the defaults', async () => {
  writeFileSync(join(home.data, 'supervisor.json'), '{"stopped":tr');
  const client = await home.start().connect();
  expect(await workerPid(client)).toBeGreaterThan(0);
  client.close();
});

test('terminals that vanish in the middle of an answer do the supervisor no harm', async () => {
  const supervisor = home.start();
  const client = await supervisor.connect();
  const before = await workerPid(client);
  const calls = Array.from({ length: 200 }, (_, id) => `{"id":${id},"request":{"do":"status"}}\n`).join('');
  for (let n = 0; n < 50; n++) {
    const rude = connect(join(home.data, 'control.sock'));
    rude.on('error', () => {});
    rude.write(calls);
    await new Promise((resolve) => rude.once('data', resolve));
    rude.destroy();
  }
  expect(await workerPid(client)).toBe(before);
  expect(supervisor.process.exitCode).toBeNull();
  client.close();
});
