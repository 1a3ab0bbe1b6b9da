import { Hono } from 'hono';
import { authApp } from './auth/app.ts';
import type { AuthDeps } from './auth/deps.ts';
import { allowOrigins } from './cors.ts';
import { notOffered } from './not-offered.ts';
import { restApp } from './rest/app.ts';
import type { RpcDeps } from './rest/rpc.ts';

export type ApiDeps = AuthDeps & RpcDeps & { origins: readonly string[] };

/** What of Supabase's HTTP addresses is offered. Functions, sockets and the app's files are the stack's. */
export function createApi(deps: ApiDeps): Hono {
  const api = new Hono()
    .use(allowOrigins(deps.origins))
    .route('/auth/v1', authApp(deps))
    .route('/rest/v1', restApp(deps));
  return api.notFound((c) => notOffered(`${c.req.method} ${c.req.path}`));
}
