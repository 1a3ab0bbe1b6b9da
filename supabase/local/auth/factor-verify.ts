import type { Context } from 'hono';
import { looseObject, string } from 'zod/mini';
import type { Query } from '../postgres/connect.ts';
import type { AuthDeps } from './deps.ts';
import { readBody } from './env.ts';
import type { AuthEnv, LiveSession } from './env.ts';
import { challengeExpired, factorLocked, factorNotFound, wrongCode } from './errors.ts';
import { AuthError } from './errors.ts';
import { challengeMs } from './factors.ts';
import { addMethod, sessionJson } from './session.ts';
import type { SessionJson } from './session.ts';
import { matchingStep } from './totp.ts';

const verification = looseObject({ challenge_id: string(), code: string() });

type Factor = { id: string; secret: string; last_step: number; challenged_at: Date | null };

/** Whose wrong codes are counted together: those of the factor, or of one session. */
type Count = { of: 'mfa_factors' | 'sessions'; id: string; failures: number; locked_until: Date | null };

type Attempt = { factorId: string; challengeId: string; code: string };

const mostFailures = 5;
const lockMs = 15 * 60_000;

/**
 * Stricter than Supabase Auth: a code is good once, and five wrong ones lock the factor for a quarter of an hour, for all sessions
 * that a password alone opened. A session that has the factor already, or that a code at the desk opened, is locked by its own
 * wrong codes only: so whoever stole the password cannot keep the owner out by guessing.
 */
export async function verifyFactor(deps: AuthDeps, c: Context<AuthEnv>): Promise<SessionJson> {
  const body = await readBody(c, verification);
  const attempt = { factorId: c.req.param('id') ?? '', challengeId: body.challenge_id, code: body.code };
  const outcome = await deps.admin.begin((tx) => verify(deps, tx, c.var.session, attempt));
  // Thrown only here, so that the failure is counted.
  if (outcome instanceof AuthError) throw outcome;
  return outcome;
}

async function verify(
  deps: AuthDeps,
  tx: Query,
  session: LiveSession,
  attempt: Attempt,
): Promise<SessionJson | AuthError> {
  const now = new Date(deps.clock());
  const factor = await lockFactor(tx, session.userId, attempt);
  if (!factor) return factorNotFound();
  const count = await countOf(tx, factor, session);
  const lockedFor = (count.locked_until?.getTime() ?? 0) - now.getTime();
  if (lockedFor > 0) return factorLocked(Math.ceil(lockedFor / 1000));
  if (!factor.challenged_at || now.getTime() - factor.challenged_at.getTime() > challengeMs) return challengeExpired();
  const step = matchingStep(factor.secret, attempt.code, now.getTime());
  if (step === undefined || step <= factor.last_step) {
    await setCount(tx, count, { failures: count.failures + 1, now });
    return wrongCode();
  }
  await setCount(tx, count, { failures: 0, now });
  await accept(tx, { factor, session, step, challengeId: attempt.challengeId, now });
  return sessionJson(deps, tx, session.sessionId);
}

async function lockFactor(tx: Query, userId: string, { factorId, challengeId }: Attempt): Promise<Factor | undefined> {
  const [factor] = await tx<Factor[]>`
    select f.id, f.secret, f.x_last_step::int as last_step, (
      select c.created_at from auth.mfa_challenges as c
      where c.id::text = ${challengeId} and c.factor_id = f.id and c.verified_at is null
    ) as challenged_at
    from auth.mfa_factors as f
    where f.id::text = ${factorId} and f.user_id = ${userId}
    for update of f`;
  return factor;
}

async function countOf(tx: Query, factor: Factor, { sessionId, secondFactor }: LiveSession): Promise<Count> {
  const [atDesk] = await tx`
    select from auth.mfa_amr_claims where session_id = ${sessionId} and authentication_method = 'recovery'`;
  const counted: Pick<Count, 'of' | 'id'> =
    secondFactor || atDesk !== undefined ? { of: 'sessions', id: sessionId } : { of: 'mfa_factors', id: factor.id };
  const [row] = await tx<Pick<Count, 'failures' | 'locked_until'>[]>`
    select x_failures as failures, x_locked_until as locked_until from auth.${tx(counted.of)} where id = ${counted.id}`;
  return { ...counted, failures: row?.failures ?? 0, locked_until: row?.locked_until ?? null };
}

async function setCount(tx: Query, { of, id }: Count, p: { failures: number; now: Date }): Promise<void> {
  const locks = p.failures >= mostFailures;
  await tx`
    update auth.${tx(of)}
    set x_failures = ${locks ? 0 : p.failures}, x_locked_until = ${locks ? new Date(p.now.getTime() + lockMs) : null}
    where id = ${id}`;
}

type Accepted = { factor: Factor; session: LiveSession; step: number; challengeId: string; now: Date };

/**
 * The session rises in place. Its older refresh tokens are refused from now on, whoever holds them, and the
 * user's sessions without a second factor end, as Supabase Auth does it.
 */
async function accept(tx: Query, { factor, session, step, challengeId, now }: Accepted): Promise<void> {
  const { userId, sessionId } = session;
  const expired = new Date(now.getTime() - challengeMs);
  await tx`
    update auth.mfa_factors
    set status = 'verified', x_last_step = ${step}, updated_at = ${now}
    where id = ${factor.id}`;
  await tx`update auth.mfa_challenges set verified_at = ${now} where id = ${challengeId}`;
  await tx`delete from auth.mfa_challenges where factor_id = ${factor.id} and created_at < ${expired}`;
  await tx`delete from auth.mfa_factors where user_id = ${userId} and status = 'unverified'`;
  await addMethod(tx, sessionId, 'totp', now);
  await tx`
    update auth.sessions
    set aal = 'aal2', factor_id = ${factor.id}, updated_at = ${now}, refresh_token_counter = refresh_token_counter + 1,
      x_refresh_floor = refresh_token_counter + 1, refreshed_at = ${now}, x_replaced_at = '[]'
    where id = ${sessionId}`;
  await tx`delete from auth.sessions where user_id = ${userId} and aal = 'aal1'`;
}
