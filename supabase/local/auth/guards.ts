import type { Context, MiddlewareHandler, Next } from 'hono';
import { array, looseObject, number, safeParse, string } from 'zod/mini';
import { bearerOf, findCaller, presented } from '../caller.ts';
import { readToken } from '../tokens.ts';
import type { AuthDeps } from './deps.ts';
import type { AuthEnv, LiveSession } from './env.ts';
import { badKey, badToken, noAuthorization, notAdmin, sessionNotFound } from './errors.ts';
import type { Limiter, Limits } from './limits.ts';

type Guard = MiddlewareHandler<AuthEnv>;

/** Seconds for which an entered code counts as fresh: the relay's too. */
const fresh = 600;
const methods = array(looseObject({ method: string(), timestamp: number() }));

/** Every call carries one of the stack's two keys, as on hosted. */
export function requireKey({ keys, clock }: AuthDeps): Guard {
  return async (c, next) => {
    const { apiKey, bearer } = presented(c.req.raw.headers);
    const caller = await findCaller({ apiKey: apiKey ?? bearer, bearer: undefined }, keys, clock);
    if (caller.kind === 'refused') throw badKey();
    await next();
  };
}

export function requireAdmin({ keys, clock }: AuthDeps): Guard {
  return async (c, next) => {
    const caller = await findCaller(presented(c.req.raw.headers), keys, clock);
    if (caller.kind !== 'service') throw notAdmin();
    await next();
  };
}

/** Every call with a user's token: the session must still exist. */
export function requireSession(deps: AuthDeps): Guard {
  return async (c, next) => {
    c.set('session', await findSession(deps, c));
    await next();
  };
}

async function findSession({ admin, keys, clock }: AuthDeps, c: Context): Promise<LiveSession> {
  const bearer = bearerOf(c.req.raw.headers);
  if (bearer === undefined || bearer.startsWith('sb_')) throw noAuthorization();
  const claims = await readToken(bearer, keys, clock);
  if (typeof claims?.session_id !== 'string') throw badToken();
  const [row] = await admin<{ aal: string }[]>`
    select aal from auth.sessions where id = ${claims.session_id} and user_id = ${claims.sub}`;
  if (!row) throw sessionNotFound();
  // A token from before the second factor does not rise with its session.
  const secondFactor = row.aal === 'aal2' && claims.aal === 'aal2';
  const freshFactor = secondFactor && factorAt(claims.amr) >= clock() / 1000 - fresh;
  return { userId: claims.sub, sessionId: claims.session_id, secondFactor, freshFactor };
}

/** By the token and not by its session: an older token of the same session does not become fresh with it. */
function factorAt(amr: unknown): number {
  const parsed = safeParse(methods, amr);
  const codes = (parsed.data ?? []).filter(({ method }) => method === 'totp');
  return Math.max(0, ...codes.map(({ timestamp }) => timestamp));
}

export function limited(limit: Limiter, kind: keyof Limits): Guard {
  return async (c, next: Next) => {
    limit(kind, c.env.ip);
    await next();
  };
}
