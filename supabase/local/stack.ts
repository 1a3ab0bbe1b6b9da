import { resolve } from 'node:path';
import type { JSONWebKeySet } from 'jose';
import type { Server } from 'bun';
import { createApi } from './api.ts';
import { defaultLimits } from './auth/limits.ts';
import type { Limits } from './auth/limits.ts';
import type { SignUps } from './auth/deps.ts';
import { createCatalogue } from './rest/catalogue.ts';
import { serviceRpc } from './rest/rpc.ts';
import { openDatabase } from './database.ts';
import type { Db } from './database.ts';
import { functionEnv, inProcessFetch } from './functions.ts';
import type { FunctionEnv, FunctionHandler } from './functions.ts';
import { loadKeys } from './keys.ts';
import type { Keys } from './keys.ts';
import { lockFolder } from './lock.ts';
import { createRealtime } from './realtime/server.ts';
import type { Realtime, SocketData } from './realtime/server.ts';
import { createRouter } from './router.ts';
import type { Clock } from './tokens.ts';

export type StackOptions = {
  dataDir: string;
  /** Another PostgreSQL, as a superuser; without it the stack starts its own inside `dataDir`. */
  databaseUrl?: string | undefined;
  host?: string;
  /** 0 takes a free one. */
  port?: number;
  /** The address clients use, when it is not http://host:port: `iss` of the tokens and SUPABASE_URL. */
  publicUrl?: string | undefined;
  migrationsDir: string;
  /** The built phone app. */
  staticDir?: string | undefined;
  /** Called once; a function answers below `/functions/v1/<name>`. */
  functions: (env: FunctionEnv) => Record<string, FunctionHandler>;
  /** Headers of the app's files; the default is a strict policy, see security-headers.ts. */
  staticHeaders?: ((host: string) => Record<string, string>) | undefined;
  /** Other origins the app may be served from. */
  origins?: readonly string[];
  clock?: Clock;
  /** For the person at the desk, one line at a time. */
  log?: (line: string) => void;
  signUps?: SignUps;
  limits?: Limits;
  accessTokenSeconds?: number;
  /** Seconds in which a request has to arrive, and after which an unused line is closed. */
  lineSilence?: number;
  /** Seconds after which a Realtime client that is not heard, or listens to nothing, is dropped. */
  socketSilence?: number;
};

export type Stack = {
  /** Where it listens: for this machine. */
  url: string;
  /** `publicUrl` of the options, or `url`. */
  publicUrl: string;
  port: number;
  publishableKey: string;
  secretKey: string;
  jwks: JSONWebKeySet;
  /** libpq form; with postgres.js use `connect` of postgres/connect.ts. */
  databaseUrl: string;
  /** Resolves when the built-in database ended by itself: the stack is of no use then. */
  failed: Promise<number>;
  stop: () => Promise<void>;
};

/** Starts everything and resolves when it answers. Throws an Error that says what to do. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const dataDir = resolve(options.dataDir);
  const lock = lockFolder(dataDir);
  try {
    const { databaseUrl, migrationsDir } = options;
    const [keys, db] = await Promise.all([loadKeys(dataDir), openDatabase({ dataDir, databaseUrl, migrationsDir })]);
    try {
      return await serve({ options, keys, db, release: () => lock.release() });
    } catch (error) {
      await db.stop();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

type Parts = { options: StackOptions; keys: Keys; db: Db; release: () => void };

async function serve({ options, keys, db, release }: Parts): Promise<Stack> {
  const clock = options.clock ?? Date.now;
  const realtime = await createRealtime({ admin: db.admin, keys, clock, silence: options.socketSilence });
  const { server, url, publicUrl } = listen(options, { keys, db, clock, realtime });
  return {
    url,
    publicUrl,
    port: server.port ?? 0,
    publishableKey: keys.publishable,
    secretKey: keys.secret,
    jwks: keys.jwks,
    databaseUrl: db.url,
    failed: db.ended,
    stop: once(async () => {
      await server.stop(true);
      await realtime.stop();
      await db.stop();
      release();
    }),
  };
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}

type Running = { keys: Keys; db: Db; clock: Clock; realtime: Realtime };

function listen(
  options: StackOptions,
  { keys, db, clock, realtime }: Running,
): { server: Server<SocketData>; url: string; publicUrl: string } {
  const { host = '127.0.0.1', port = 4747, log = () => undefined } = options;
  const late: { handle: ReturnType<typeof createRouter> } = { handle: () => new Response(null, { status: 503 }) };
  const server = Bun.serve<SocketData>({
    hostname: host,
    port,
    maxRequestBodySize: 2 * 1024 * 1024,
    // Measured: what drips in meanwhile does not prolong it, for headers and bodies alike.
    idleTimeout: options.lineSilence ?? 60,
    // Bun's error page shows source code.
    development: false,
    error: () => Response.json({ message: 'Something went wrong inside the stack.' }, { status: 500 }),
    fetch: (request, own) => late.handle(request, own),
    websocket: realtime.websocket,
  });
  // The address is known only now, and it is in every token; no request can come before this returns.
  const url = `http://${urlHost(host)}:${server.port}`;
  const publicUrl = options.publicUrl ?? url;
  const calls = { api: db.api, service: db.service, catalogue: createCatalogue(db.api) };
  const api = createApi({
    ...calls,
    admin: db.admin,
    keys,
    clock,
    log,
    issuer: `${publicUrl}/auth/v1`,
    origins: options.origins ?? [],
    signUps: options.signUps ?? 'open',
    limits: options.limits ?? defaultLimits,
    accessTokenSeconds: options.accessTokenSeconds ?? 3600,
  });
  const functions: Record<string, FunctionHandler> = {};
  const { staticDir, staticHeaders } = options;
  late.handle = createRouter({ api, functions, realtime, staticDir, staticHeaders });
  const fetch = inProcessFetch(
    [url, publicUrl],
    async (request) => (await late.handle(request, undefined)) ?? new Response(null, { status: 426 }),
  );
  Object.assign(functions, options.functions(functionEnv({ url: publicUrl, keys, fetch, rpc: serviceRpc(calls) })));
  return { server, url, publicUrl };
}

/** Every interface is no address to call: this machine's own name for itself is. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
