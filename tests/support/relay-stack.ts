import { relayClient, type RelayClient } from '../../edge/mailbox/relay-client.ts';
import { createRelay, type RelayOptions } from '../../edge/relay/create-relay.ts';
import type { LogEntry } from '../../edge/relay/deps.ts';
import type { Limits } from '../../edge/relay/limits.ts';
import type { FunctionEnv } from '../../supabase/local/functions.ts';
import { startDenoRelay } from './deno-relay.ts';
import { testStack, type TestStack } from './stack.ts';
import { until } from './until.ts';

export interface RelayStack extends TestStack {
  readonly logged: readonly LogEntry[];
  /** Resolves when work after responses is done: no push waits any more. */
  settled(): Promise<void>;
  /** A client without a session, or with the access token that `token` answers. */
  client(token?: () => Promise<string | undefined>): RelayClient;
  /** One request to the relay as it is; paths begin behind `/relay`. */
  send(path: string, init?: RequestInit): Promise<Response>;
  /** The same with the publishable key. */
  request(path: string, init?: RequestInit): Promise<Response>;
}

export type Environment = Readonly<Record<string, string | undefined>>;
/** What a function finds in its environment. */
type Given = Omit<FunctionEnv, 'fetch' | 'rpc'>;

interface Options {
  /** More of the relay's environment, or other values of it. */
  env?: Environment | ((given: Given) => Environment);
  /** Of the relay in this process; there is no such way into another one. */
  inProcess?: RelayOptions;
  /** An empty database of another PostgreSQL than the one all tests share. */
  databaseUrl?: string;
}

/** A relay that answers. Paths begin with `/relay`. */
export interface RunningRelay {
  readonly logged: readonly LogEntry[];
  fetch(request: Request): Promise<Response>;
  stop(): Promise<void>;
}

/** The setting of the relay that narrows these limits. */
export const limits = (some: Partial<Limits>): Environment => ({ ERRAND_LIMITS: JSON.stringify(some) });

/** True in the run of the tests that has the relay under Deno. */
export const underDeno = process.env['ERRAND_TEST_RELAY'] === 'deno';

/** Starts a relay with this environment; rejects when it refuses to start. */
export const startRelay = (env: Environment, options: RelayOptions = {}): Promise<RunningRelay> =>
  underDeno ? inDeno(env) : inProcess(env, options);

async function inDeno(env: Environment): Promise<RunningRelay> {
  const { origin, logged, stop } = await startDenoRelay(env);
  return {
    logged,
    stop,
    fetch: (request) => {
      const { pathname, search } = new URL(request.url);
      return fetch(new Request(`${origin}${pathname}${search}`, request), { redirect: 'manual' });
    },
  };
}

async function inProcess(env: Environment, options: RelayOptions): Promise<RunningRelay> {
  const logged: LogEntry[] = [];
  const background = new Set<Promise<void>>();
  const stopping = new AbortController();
  const relay = createRelay(env, {
    log: (entry) => void logged.push(entry),
    waitUntil: (work) => void background.add(work),
    signal: stopping.signal,
    ...options,
  });
  return {
    logged,
    fetch: (request) => relay.fetch(request),
    stop: async () => {
      stopping.abort();
      await Promise.all(background);
    },
  };
}

/** The relay on a whole embedded stack with the product's migrations. */
export async function relayStack(choice: Options = {}): Promise<RelayStack> {
  const { env: more = {}, inProcess: options = {}, databaseUrl } = choice;
  const { promise: started, resolve, reject } = Promise.withResolvers<RunningRelay>();
  const stack = await testStack({
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    functions: ({ fetch, rpc, ...given }) => {
      const env = { ...given, ...(typeof more === 'function' ? more(given) : more) };
      startRelay(env, { fetch, rpc, ...options }).then(resolve, reject);
      return { relay: async (request) => (await started).fetch(request) };
    },
  });
  const relay = await started.catch(async (error: unknown) => {
    await stack.stop();
    throw error;
  });
  const { url, publishableKey } = stack;
  const send = (path: string, init?: RequestInit): Promise<Response> =>
    relay.fetch(new Request(`${url}/relay${path}`, init));
  return {
    ...stack,
    logged: relay.logged,
    settled: async () =>
      void (await until(
        () => waitingPushes(stack),
        (waiting) => waiting === 0,
      )),
    stop: async () => {
      await relay.stop();
      await stack.stop();
    },
    client: (token = () => Promise.resolve(undefined)) =>
      relayClient({
        url: `${url}/relay`,
        publishableKey,
        fetch: (input, init) => relay.fetch(new Request(input, init)),
        token,
      }),
    send,
    request: (path, init) =>
      send(path, { ...init, headers: { apikey: publishableKey, ...Object.fromEntries(new Headers(init?.headers)) } }),
  };
}

async function waitingPushes({ sql }: TestStack): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from private.pushes join private.push_subscriptions using (kid) where state = 'waiting'`;
  return row?.count ?? 0;
}
