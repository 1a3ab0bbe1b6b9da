import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { newId } from '../edge/protocol/id.ts';
import { readConfig, type Config } from './config.ts';
import { callSchema, lidSchema, orderSchema, type Notice, type Reply } from './control/messages.ts';
import type { Pulse } from './control/pulse.ts';
import { WORKER_EXIT } from './control/worker-exit.ts';
import { JournalError } from './journal/error.ts';
import { isDiskFull, keepReserve } from './journal/full-disk.ts';
import { openJournal } from './journal/journal.ts';
import { readMeta, readSettings, writeMeta } from './journal/meta.ts';
import { lastPhoneWord } from './journal/peer.ts';
import { connect, type Connection } from './link/connection.ts';
import { answerDesk, type DeskDeps } from './link/desk.ts';
import { greet } from './link/greet.ts';
import { API_KEY, KeyringLocked, openKeyring } from './link/keyring.ts';
import { IdentityLost, openKeys } from './link/keys.ts';
import { noticeOf } from './link/notices.ts';
import { draftSeen, type Here } from './link/presence.ts';
import { startHelper } from './power/helper.ts';
import { keepAwake, type AwakeLease } from './power/keep-awake.ts';
import { chooseModel } from './runner/choose-model.ts';
import { failpointNamed } from './runner/failpoint.ts';
import { createRunner } from './runner/run.ts';
import { parkedFor, type ParkedWhy } from './runner/run-task.ts';
import { spawnApart } from './tools/apart/spawn-apart.ts';
import { spawnCommand } from './tools/spawn-command.ts';
import { tools } from './tools/tools.ts';

/** Of the two seconds the power contract gives: for the running step, and for the last words to the phones. */
const PARK_MS = 800;
const FAREWELL_MS = 500;
/** Of the agent's environment, what the programs it starts get to see. */
const PLAIN_ENV = ['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TMPDIR', 'SystemRoot', 'TEMP', 'USERPROFILE'];

const { env, pid, platform } = process;
const plainEnv = Object.fromEntries(PLAIN_ENV.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
process.umask(0o077);
const folder = env['ERRAND_DATA'] ?? join(homedir(), '.errand');
const log = (text: string): void => void process.stderr.write(`${new Date().toISOString()} ${text}\n`);
const say = (message: { id: number; reply: Reply } | { notice: Notice } | { pulse: Pulse }): void =>
  void process.send?.(message);
const notify = (notice: Notice): void => say({ notice });
const setTimer = (run: () => void, ms: number): (() => void) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};
const wait = (ms: number, signal: AbortSignal): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const cancel = setTimer(resolve, ms);
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  return promise.finally(cancel);
};
function leaveBroken(error: unknown): never {
  log(`worker: ${error instanceof Error ? error.stack : String(error)}`);
  if (isDiskFull(error)) process.exit(WORKER_EXIT['disk-full']);
  if (error instanceof KeyringLocked) process.exit(WORKER_EXIT['keyring-locked']);
  if (error instanceof IdentityLost) process.exit(WORKER_EXIT['keys-lost']);
  process.exit(error instanceof JournalError && error.code === 'journal.newer' ? WORKER_EXIT['journal-newer'] : 1);
}
let standsStill = false;
/** What finds the disk full while the last words are told must not cut them off. */
function stumble(error: unknown): void {
  if (!standsStill || !isDiskFull(error)) leaveBroken(error);
}
process.on('unhandledRejection', stumble);
process.on('uncaughtException', stumble);

let whenFull = (): void => process.exit(WORKER_EXIT['disk-full']);

function open() {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const kept = keepReserve(folder);
    return { reserve: kept, journal: openJournal({ folder, now: () => Date.now(), onFull: () => whenFull() }) };
  } catch (error) {
    return leaveBroken(error);
  }
}
const { reserve, journal } = open();
const keyring = await openKeyring({ folder, force: env['ERRAND_KEYRING'], notice: log });
const readModel = async ({ model }: Config) =>
  chooseModel(model, { apiKey: (await keyring.get(API_KEY)) ?? env['ANTHROPIC_API_KEY'], wait });
let config = readConfig(folder);
let model = await readModel(config);
const keys = await openKeys({ keyring, name: config.name, known: readMeta(journal, 'kid') });
const { identity } = keys;
journal.write(() => {
  writeMeta(journal, 'kid', identity.device.kid);
  if (keys.made) writeMeta(journal, 'notBefore', '0');
});
const failpoint = failpointNamed(env['ERRAND_FAILPOINT'], () => process.kill(pid, 'SIGKILL'));

let lid: Here['lid'] = 'unknown';
let ending = false;
let lease: AwakeLease | undefined;
const awake = keepAwake({ platform, startHelper, env, pid });
const pulse = (): void =>
  say({
    pulse: {
      ready: true,
      runningTask: runner.running() > 0,
      lastPhoneWord: lastPhoneWord(journal),
      settings: readSettings(journal).settings,
    },
  });
const tellPhones = (presence: Here['presence'] = runner.running() > 0 ? 'running' : 'idle'): void =>
  draftSeen(journal, { presence, lid, model: model.name, scripts: config.scripts.map(({ name }) => name) });

const runner = createRunner({
  journal,
  model: () => model,
  tools,
  rules: () => ({ v: 1, roots: config.roots, sensitive: config.sensitive, scripts: config.scripts }),
  desk: { platform, home: homedir(), own: [folder, dirname(import.meta.dirname)], run: newId() },
  runCommand: spawnCommand(plainEnv),
  apart: spawnApart({ bun: process.execPath, env: plainEnv }),
  parts: {
    put: (sealed) => online().carrier.relay.putBlob(sealed),
    get: (id) => online().carrier.relay.getBlob(id),
  },
  failpoint,
  wait,
  width: 1,
  setTimer,
  onBusy: (busy) => {
    if (busy) lease = awake.acquire('Errand is working on a task');
    else lease?.release();
    pulse();
    // The task's own words leave first.
    setTimer(() => {
      if (!ending) tellPhones();
    }, 0);
  },
});

const joinRelay = (): Connection | undefined => {
  const { relay } = config;
  if (relay === null) return undefined;
  const onJoined = (): void => tellPhones();
  return connect({ journal, keys, config: { ...config, relay }, fetch, setTimer, notify, onJoined, log, failpoint });
};
let connection = joinRelay();
function online(): Connection {
  if (!connection) throw new Error('This desktop knows no relay yet.');
  return connection;
}

async function reload(): Promise<void> {
  const before = config;
  config = readConfig(folder);
  model = await readModel(config);
  keys.rename(config.name);
  greet(journal, keys);
  const same = JSON.stringify([before.relay, before.app]) === JSON.stringify([config.relay, config.app]);
  if (!same) {
    connection?.pairing?.hide();
    await connection?.link.stop(FAREWELL_MS);
    connection = joinRelay();
  }
  tellPhones();
  runner.kick();
}

async function end(presence: Here['presence'], why: string): Promise<void> {
  if (ending) return;
  ending = true;
  log(`worker: ends (${presence}: ${why})`);
  await park(parkedFor(presence));
  tellPhones(presence);
  await leave(0);
}

async function park(why: ParkedWhy): Promise<void> {
  connection?.pairing?.hide();
  await Promise.race([runner.stop(why), wait(PARK_MS, new AbortController().signal)]);
  lease?.release();
}

async function leave(code: number): Promise<never> {
  await connection?.link.stop(FAREWELL_MS);
  journal.close();
  process.exit(code);
}

/** What cannot be written down must not be done. The supervisor tries again, and the room for these last words is taken anew then. */
function standStill(): void {
  if (ending) return;
  ending = true;
  standsStill = true;
  log('worker: the disk is full, so it stands still');
  reserve.spend();
  park('disk-full')
    .then(() => leave(WORKER_EXIT['disk-full']))
    .catch(() => process.exit(WORKER_EXIT['disk-full']));
}

journal.watch((change) => {
  if (change.in === 'event') {
    const notice = noticeOf(journal, change.event);
    if (notice) notify(notice);
  }
  if (change.in === 'settings' || change.in === 'peers') tellPhones();
  if (change.in === 'settings' || change.in === 'heard') pulse();
});

const desk = {
  journal,
  me: () => ({ kid: identity.device.kid, name: identity.device.name }),
  linkState: () => connection?.link.state() ?? 'offline',
  pairing: () => connection?.pairing,
  login: (owner: { email: string; password: string; code: string }) => online().login(owner),
  reload,
  modelName: () => model.name,
  running: () => runner.running(),
} satisfies DeskDeps;

process.on('message', (message: unknown) => {
  const call = callSchema.safeParse(message).data;
  if (call) void answerDesk(desk, call.request).then((reply) => say({ id: call.id, reply }));
  const order = orderSchema.safeParse(message).data;
  if (order) void end(order.presence, order.why);
  const seen = lidSchema.safeParse(message).data;
  if (seen && seen.lid !== lid) {
    lid = seen.lid;
    // After the farewell no other word goes out.
    if (!ending) tellPhones();
  }
});
// Without its supervisor nobody watches the lid: the worker must not go on alone.
process.on('disconnect', () => void end('idle', 'the supervisor is gone'));
whenFull = standStill;
pulse();
