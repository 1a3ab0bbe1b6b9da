import { accounts } from './accounts.ts';
import { relayApp } from './app.ts';
import { createVerify, type Fetch } from './auth.ts';
import { readConfig, type Environment } from './config.ts';
import type { LogEntry } from './deps.ts';
import { knownSenders } from './known-senders.ts';
import { readLimits } from './limits.ts';
import { machineUsers } from './machine-users.ts';
import { pushSender } from './push-sender.ts';
import { projectRpc, type Rpc } from './rpc.ts';
import { createStore } from './store.ts';

export interface RelayOptions {
  /** Reaches the project and the push services. */
  readonly fetch?: Fetch;
  /** Reaches the database; by default the project's own door, through `fetch`. */
  readonly rpc?: Rpc;
  /** Unix milliseconds. */
  readonly clock?: () => number;
  /** The caller's address, for limits; by default what the last proxy wrote into `x-forwarded-for`. */
  readonly clientIp?: (request: Request) => string;
  /** Keeps the process until work after a response is done. */
  readonly waitUntil?: (work: Promise<void>) => void;
  readonly log?: (entry: LogEntry) => void;
  /** Waits so many seconds, or until the signal is aborted. */
  readonly sleep?: (seconds: number, signal: AbortSignal) => Promise<void>;
  /** Aborted: no push is tried again. */
  readonly signal?: AbortSignal;
}

export interface Relay {
  fetch(request: Request): Promise<Response>;
}

/**
 * The relay with its real parts. Reads of `env`: SUPABASE_URL, SUPABASE_PUBLISHABLE_KEYS, SUPABASE_SECRET_KEYS (older:
 * SUPABASE_ANON_KEY, SUPABASE_SERVICE_ROLE_KEY), SUPABASE_JWKS (else fetched), ERRAND_VAPID_JWK with ERRAND_VAPID_SUBJECT (else
 * no pushes), ERRAND_APP_ORIGIN (app on another origin), ERRAND_LIMITS (see limits.ts), ERRAND_PUSH_ALLOW_LOOPBACK=1 (tests). Throws when one is missing.
 */
export function createRelay(env: Environment, options: RelayOptions = {}): Relay {
  const {
    fetch = globalThis.fetch,
    clock = Date.now,
    clientIp = forwardedFor,
    waitUntil = () => undefined,
    log = () => undefined,
    sleep = wait,
    signal = new AbortController().signal,
  } = options;
  const settings = readConfig(env);
  const limits = readLimits(env);
  const now = (): number => Math.floor(clock() / 1000);
  const store = createStore(options.rpc ?? projectRpc(settings, fetch));
  const sendPushes = pushSender({ settings, limits, store, fetch, now, sleep, log, signal });
  const app = relayApp({
    settings,
    limits,
    store,
    senders: knownSenders(store),
    verify: createVerify({ settings, fetch, now }),
    machines: machineUsers(settings, fetch),
    accounts: accounts(settings, fetch),
    sendPushes: () => waitUntil(sendPushes()),
    now,
    clientIp,
    log,
  });
  return { fetch: async (request) => app.fetch(request) };
}

const forwardedFor = (request: Request): string =>
  request.headers.get('x-forwarded-for')?.split(',').at(-1)?.trim() || 'unknown';

function wait(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, seconds * 1000);
    signal.addEventListener('abort', done, { once: true });
  });
}
