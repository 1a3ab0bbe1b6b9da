import type { Server } from 'bun';
import type { Hono } from 'hono';
import { clientIp } from './client-ip.ts';
import { functionRequest } from './functions.ts';
import type { FunctionHandler } from './functions.ts';
import { notOffered } from './not-offered.ts';
import type { Realtime, SocketData } from './realtime/server.ts';
import { securityHeaders } from './security-headers.ts';
import { serveStatic } from './static-files.ts';

type Options = {
  api: Hono;
  functions: Readonly<Record<string, FunctionHandler>>;
  realtime: Realtime;
  staticDir: string | undefined;
  staticHeaders: ((host: string) => Record<string, string>) | undefined;
};

/** `server` is undefined for a call from inside the process. Undefined: the request became a socket. */
export type Router = (
  request: Request,
  server: Server<SocketData> | undefined,
) => Response | undefined | Promise<Response | undefined>;

/** One address: Supabase's paths to their parts, everything else to the app. */
export function createRouter({
  api,
  functions,
  realtime,
  staticDir,
  staticHeaders = (host) => securityHeaders(host),
}: Options): Router {
  const app = staticDir === undefined ? undefined : serveStatic(staticDir, staticHeaders);
  return (request, server) => {
    const { pathname } = new URL(request.url);
    const ip = clientIp(request.headers, server?.requestIP(request)?.address);
    if (pathname.startsWith('/functions/v1/')) return callFunction(functions, request, ip);
    if (pathname === '/realtime/v1/websocket' || pathname === '/realtime/v1') {
      return server ? realtime.upgrade(request, server) : notOffered('A socket inside the process');
    }
    if (/^\/(auth|rest|realtime|storage|graphql)\/v1(\/|$)/.test(pathname)) return api.fetch(request, { ip });
    return app?.(request) ?? Response.json({ message: 'There is nothing at this address.' }, { status: 404 });
  };
}

function callFunction(
  functions: Options['functions'],
  outer: Request,
  ip: string | undefined,
): Response | Promise<Response> {
  const { name, request } = functionRequest(outer, ip);
  const handler = Object.hasOwn(functions, name) ? functions[name] : undefined;
  return handler
    ? handler(request)
    : Response.json({ code: 'NOT_FOUND', message: `There is no function ${name}.` }, { status: 404 });
}
