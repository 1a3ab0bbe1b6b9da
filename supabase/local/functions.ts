import type { JSONWebKeySet } from 'jose';
import type { Rpc } from '../../edge/relay/rpc.ts';
import type { Keys } from './keys.ts';

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** What a Supabase Edge Function finds in its environment, and the ways to the stack without a socket. */
export type FunctionEnv = {
  SUPABASE_URL: string;
  /** JSON: `{"default": "sb_publishable_..."}` */
  SUPABASE_PUBLISHABLE_KEYS: string;
  /** JSON: `{"default": "sb_secret_..."}` */
  SUPABASE_SECRET_KEYS: string;
  /** JSON: a key set */
  SUPABASE_JWKS: string;
  fetch: Fetch;
  /** What service_role gets at `/rest/v1/rpc`, without the door: HTTP and its client's code took a fifth of a hop. */
  rpc: Rpc;
};

export type FunctionHandler = (request: Request) => Response | Promise<Response>;

type Ways = Pick<FunctionEnv, 'fetch' | 'rpc'>;

export function functionEnv({ url, keys, fetch, rpc }: Ways & { url: string; keys: Keys }): FunctionEnv {
  const jwks: JSONWebKeySet = keys.jwks;
  return {
    SUPABASE_URL: url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: keys.publishable }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: keys.secret }),
    SUPABASE_JWKS: JSON.stringify(jwks),
    fetch,
    rpc,
  };
}

/** Requests for one of the stack's own addresses stay in the process; others go out. */
export function inProcessFetch(urls: readonly string[], handle: FunctionHandler): Fetch {
  const origins = new Set(urls.map((url) => new URL(url).origin));
  return async (input, init) => {
    const request = new Request(input, init);
    return origins.has(new URL(request.url).origin) ? handle(request) : fetch(request);
  };
}

/** The request as the platform hands it to the function `name`: the path begins with the function's name. */
export function functionRequest(request: Request, ip: string | undefined): { name: string; request: Request } {
  const url = new URL(request.url);
  url.pathname = url.pathname.slice('/functions/v1'.length);
  const inner = new Request(url, request);
  if (ip === undefined) inner.headers.delete('x-forwarded-for');
  else inner.headers.set('x-forwarded-for', ip);
  return { name: url.pathname.split('/')[1] ?? '', request: inner };
}
