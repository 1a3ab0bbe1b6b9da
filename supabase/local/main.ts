import { createServer } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRelay } from '../../edge/relay/create-relay.ts';
import { connect } from './postgres/connect.ts';
import { readSignUps } from './sign-ups.ts';
import { startStack } from './stack.ts';
import { loadVapidKey } from './vapid-key.ts';

/*
 * The embedded stack as a process of its own, with the relay inside it and the built phone app at `/`. On its output it says one JSON
 * object a line: `{ready}` once, and `{say}` for the person at the desk. It ends at SIGTERM.
 */

const PORT = 4747;
/** Ports tried when nobody asked for one. */
const TRIES = 20;
/** Migrations say: once a minute. */
const SWEEP_MS = 60_000;

process.umask(0o077);

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    app: { type: 'string' },
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string' },
    'public-url': { type: 'string' },
    origin: { type: 'string', multiple: true, default: [] },
  },
});

function fail(what: string): never {
  process.stderr.write(`${what}\n`);
  process.exit(1);
}

// Whoever started us may be gone by now; the stack goes on without them.
process.stdout.on('error', () => {});
const tell = (words: { ready: { url: string; publishableKey: string } } | { say: string }): void =>
  void process.stdout.write(`${JSON.stringify(words)}\n`);

/** No entry holds a body, a token or an address. */
const log = (entry: object): void =>
  void process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`);

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}

/** A browser keeps account, keys and errands by address: at another port the app is a new one. */
const takenWords = (port: number): string =>
  `Port ${PORT} is taken by another program, so this time it is ${port}. A phone that was paired at ${PORT} does not find its errands there: free that port, or always start with --port.`;

async function choosePort(wished: string | undefined, host: string): Promise<number> {
  if (wished !== undefined) return Number(wished);
  for (let port = PORT; port < PORT + TRIES; port++) {
    if (!(await isFree(port, host))) continue;
    if (port !== PORT) tell({ say: takenWords(port) });
    return port;
  }
  return 0;
}

const dataDir = values.data ?? fail('Say which data folder: --data FOLDER.');
const { host } = values;
const relayEnv = {
  ERRAND_VAPID_JWK: await loadVapidKey(dataDir),
  // Push services want somebody to write to (RFC 8292); a relay of one's own has no better address.
  ERRAND_VAPID_SUBJECT: process.env.ERRAND_VAPID_SUBJECT ?? 'mailto:errand@example.com',
  ERRAND_APP_ORIGIN: values.origin.join(' '),
  ERRAND_LIMITS: process.env.ERRAND_LIMITS,
  ERRAND_PUSH_ALLOW_LOOPBACK: process.env.ERRAND_PUSH_ALLOW_LOOPBACK,
};

let ending = false;
const over = new AbortController();
const stack = await startStack({
  dataDir,
  databaseUrl: process.env.DATABASE_URL,
  host,
  port: await choosePort(values.port, host),
  publicUrl: values['public-url'],
  migrationsDir: join(import.meta.dirname, '..', 'migrations'),
  staticDir: values.app,
  origins: values.origin,
  signUps:
    readSignUps(process.env.ERRAND_SIGN_UPS || 'open') ??
    fail('ERRAND_SIGN_UPS is "open", "closed", or e-mail addresses with commas between them.'),
  log: (say) => tell({ say }),
  functions: ({ fetch, rpc, ...env }) => {
    const relay = createRelay({ ...env, ...relayEnv }, { fetch, rpc, log, signal: over.signal });
    return { relay: (request) => relay.fetch(request) };
  },
}).catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)));

const sql = connect(stack.databaseUrl, { max: 1, idle_timeout: 5 });
// Never cleared: while the database ends, this timer alone keeps the process waiting for it.
setInterval(() => void sweep(), SWEEP_MS);

tell({ ready: { url: stack.url, publishableKey: stack.publishableKey } });

async function sweep(): Promise<void> {
  if (ending) return;
  await sql`select private.sweep()`.catch((error: unknown) => log({ event: 'sweep', error: String(error) }));
}

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  over.abort();
  await sql.end({ timeout: 0 });
  await stack.stop();
  process.exit(0);
}
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => void end());
void stack.failed.then((code) => {
  if (!ending) fail(`The database ended by itself (code ${code}); see postgres.log beside this log.`);
});
