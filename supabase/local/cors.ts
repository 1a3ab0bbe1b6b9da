import { cors } from 'hono/cors';
import type { MiddlewareHandler } from 'hono';

/** The app is served from the stack's own origin; `origins` are other places it may be served from. */
export function allowOrigins(origins: readonly string[]): MiddlewareHandler {
  return cors({
    origin: [...origins],
    allowMethods: ['GET', 'POST', 'PUT', 'DELETE'],
    allowHeaders: [
      'apikey',
      'authorization',
      'content-type',
      'x-client-info',
      'x-supabase-api-version',
      'content-profile',
      'accept',
    ],
    maxAge: 600,
  });
}
