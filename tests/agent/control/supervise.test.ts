import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NoticeFrame } from '../../../agent/control/frames.ts';
import { openKept } from '../../../agent/control/kept.ts';
import { Supervisor } from '../../../agent/control/supervise.ts';
import { known, type PowerFacts } from '../../../agent/power/power-source.ts';
import { handClock } from '../../support/hand-clock.ts';
import { scriptedWorkers } from '../../support/scripted-worker.ts';
import { somePower } from '../power/some-power.ts';

const SETTINGS = { lid: true, idle: true, idleMinutes: 30 };
const POLL = 500;
const newTerminal = (isOpen = () => true) => ({ attach() {}, tell() {}, isOpen });
const terminal = newTerminal();

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'errand-supervise-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A supervisor on a machine that a test closes, opens and leaves alone. */
function machine(power: Partial<PowerFacts> = {}) {
  const clock = handClock();
  const workers = scriptedWorkers();
  const said: NoticeFrame[] = [];
  const closed: string[] = [];
  const supervisor = new Supervisor({
    clock,
    kept: openKept(join(folder, 'supervisor.json')),
    start: workers.start,
    source: { read: async () => somePower(power), close: () => closed.push('source') },
    mine: 1,
    desk: () => ({ name: 'Studio-PC', relay: null, app: null }),
    broadcast: (notice) => said.push(notice),
    quit: () => closed.push('quit'),
  });
  const last = () => {
    const worker = workers.all.at(-1);
    if (worker === undefined) throw new Error('no worker was started');
    return worker;
  };
  return {
    clock,
    workers,
    said,
    closed,
    supervisor,
    last,
    become: (facts: Partial<PowerFacts>) => void (power = facts),
    pulse: (changed: object = {}) =>
      last().says({ pulse: { ready: true, runningTask: false, lastPhoneWord: null, settings: SETTINGS, ...changed } }),
    ask: (request: { do: string; [more: string]: unknown }) => supervisor.handle(request, terminal),
    ended: () => workers.all.filter(({ sent }) => sent.some((message) => 'order' in (message as object))).length,
  };
}

test('a lid that opens before the next look starts the worker that a switch has just ended', async () => {
  const { clock, workers, become, pulse, last } = machine();
  await clock.pass(0);
  pulse({ settings: { ...SETTINGS, lid: false } });
  become({ lid: known('closed') });
  await clock.pass(POLL);
  pulse({ settings: SETTINGS });
  last().exits('code 0');
  become({ lid: known('open') });
  await clock.pass(POLL);
  expect(workers.all).toHaveLength(2);
});

test('the worker is started at the first look at the machine', async () => {
  const { clock, workers } = machine();
  await clock.pass(0);
  expect(workers.all.length).toBe(1);
});

test('a closed lid ends the worker with the reason, and an open one starts it again', async () => {
  const { clock, workers, become, pulse, last, said } = machine();
  await clock.pass(0);
  pulse();
  become({ lid: known('closed') });
  await clock.pass(POLL);
  expect(last().sent).toContainEqual(expect.objectContaining({ order: 'end', presence: 'lid-closed' }));
  expect(said).toContainEqual(expect.objectContaining({ say: 'presence', presence: 'lid-closed' }));
  last().exits('code 0');
  become({});
  await clock.pass(POLL);
  expect(workers.all.length).toBe(2);
});

test('the switch that a phone set is obeyed, also by the next supervisor', async () => {
  const first = machine();
  await first.clock.pass(0);
  first.pulse({ settings: { ...SETTINGS, lid: false } });
  first.become({ lid: known('closed') });
  await first.clock.pass(POLL);
  expect(first.ended()).toBe(0);
  const second = machine({ lid: known('closed') });
  await second.clock.pass(0);
  expect(second.workers.all.length).toBe(1);
});

test('nobody there for the idle time ends the worker; a word from the desk starts it again', async () => {
  const { clock, workers, become, pulse, ask, last } = machine();
  await clock.pass(0);
  pulse();
  become({ idleMs: known(31 * 60_000) });
  await clock.pass(29 * 60_000);
  expect(workers.all.length).toBe(1);
  await clock.pass(2 * 60_000);
  expect(last().sent).toContainEqual(expect.objectContaining({ presence: 'shut-down-by-idle' }));
  last().exits('code 0');
  await clock.pass(0);
  const answer = ask({ do: 'devices' });
  await clock.pass(POLL);
  pulse();
  const call = last().sent.find((message) => 'request' in (message as object)) as { id: number };
  last().says({ id: call.id, reply: { is: 'devices', devices: [] } });
  expect(await answer).toEqual({ is: 'devices', devices: [] });
});

test('a running task and a word from a phone keep an idle machine at work', async () => {
  const { clock, become, pulse, ended } = machine();
  await clock.pass(0);
  pulse({ runningTask: true });
  become({ idleMs: known(40 * 60_000) });
  await clock.pass(40 * 60_000);
  expect(ended()).toBe(0);
  pulse({ lastPhoneWord: clock.wallMs() });
  await clock.pass(29 * 60_000);
  expect(ended()).toBe(0);
  await clock.pass(2 * 60_000);
  expect(ended()).toBe(1);
});

test('the worker is told of the lid when it is ready and when it changes', async () => {
  const { clock, become, pulse, last } = machine();
  await clock.pass(0);
  pulse({ settings: { ...SETTINGS, lid: false } });
  expect(last().sent).toContainEqual({ lid: 'open' });
  become({ lid: known('closed') });
  await clock.pass(POLL);
  expect(last().sent).toContainEqual({ lid: 'closed' });
});

test('with the lid closed a request is answered at once with the reason', async () => {
  const { clock, ask } = machine({ lid: known('closed') });
  await clock.pass(0);
  expect(await ask({ do: 'pair' })).toMatchObject({
    is: 'error',
    code: 'worker.off',
    message: expect.stringMatching(/lid/),
  });
});

test('an offer that was refused while the agent was off is not made when it is on again', async () => {
  const { clock, pulse, ask, become, last } = machine({ lid: known('closed') });
  await clock.pass(0);
  await ask({ do: 'pair' });
  become({ lid: known('open') });
  await clock.pass(POLL);
  pulse();
  expect(last().sent.filter((message) => 'request' in (message as object))).toEqual([]);
});

test('up --stay works with the lid closed, up without it does not', async () => {
  const { clock, workers, ask, last } = machine({ lid: known('closed') });
  await clock.pass(0);
  expect(workers.all.length).toBe(0);
  await ask({ do: 'up', stay: true });
  await clock.pass(POLL);
  expect(workers.all.length).toBe(1);
  await ask({ do: 'up' });
  expect(last().sent).toContainEqual(expect.objectContaining({ presence: 'lid-closed' }));
});

test('a hung worker does not hang the status', async () => {
  const { clock, pulse, ask } = machine();
  await clock.pass(0);
  pulse();
  const status = ask({ do: 'status' });
  await clock.pass(2_000);
  expect(await status).toMatchObject({ is: 'status', status: { worker: null, why: 'Ready for errands.' } });
});

test('an offer on the screen is made again by the next worker, until a phone is paired', async () => {
  const { clock, pulse, ask, last, said } = machine();
  await clock.pass(0);
  pulse();
  void ask({ do: 'pair' });
  last().exits('code 1');
  await clock.pass(250);
  pulse();
  const call = last().sent.find((message) => 'request' in (message as object)) as {
    id: number;
    request: { do: string };
  };
  expect(call.request.do).toBe('pair');
  last().says({ id: call.id, reply: { is: 'offer', code: 'NEW', link: 'http://127.0.0.1/pair#NEW' } });
  await clock.pass(0);
  expect(said).toContainEqual({ say: 'offer', code: 'NEW', link: 'http://127.0.0.1/pair#NEW' });
  last().says({ notice: { say: 'paired', name: 'Pixel 8' } });
  last().exits('code 1');
  await clock.pass(500);
  pulse();
  expect(last().sent.filter((message) => 'request' in (message as object))).toEqual([]);
});

test('an offer that two terminals show ends with the last of them that is open', async () => {
  const { clock, pulse, supervisor, last } = machine();
  const asked = () => last().sent.flatMap((message) => ('request' in (message as object) ? [message] : []));
  await clock.pass(0);
  pulse();
  let open = true;
  const start = newTerminal(() => open);
  const pair = newTerminal();
  void supervisor.handle({ do: 'pair' }, start);
  void supervisor.handle({ do: 'pair' }, pair);
  expect(await supervisor.handle({ do: 'unpair' }, pair)).toEqual({ is: 'done' });
  expect(asked()).not.toContainEqual(expect.objectContaining({ request: { do: 'unpair' } }));
  void supervisor.handle({ do: 'pair' }, pair);
  open = false;
  void supervisor.handle({ do: 'unpair' }, pair);
  await clock.pass(0);
  expect(asked()).toContainEqual(expect.objectContaining({ request: { do: 'unpair' } }));
});

test('quit ends the worker, closes the source, and only then the supervisor', async () => {
  const { clock, pulse, ask, last, closed } = machine();
  await clock.pass(0);
  pulse();
  const answer = ask({ do: 'quit' });
  await clock.pass(0);
  expect(closed).toEqual(['source']);
  last().exits('code 0');
  expect(await answer).toEqual({ is: 'done' });
  expect(closed).toEqual(['source', 'quit']);
});

test('words of a worker that are of no known form are ignored', async () => {
  const { clock, pulse, last, said } = machine();
  await clock.pass(0);
  pulse();
  const before = said.length;
  last().says('hello');
  last().says({ pulse: { ready: 'yes' } });
  await clock.pass(POLL);
  expect(said.length).toBe(before);
});
