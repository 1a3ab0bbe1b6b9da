import type { Context } from 'hono';
import { looseObject, nullable, optional, string } from 'zod/mini';
import { renderSVG } from 'uqr';
import type { Query } from '../postgres/connect.ts';
import type { AuthDeps } from './deps.ts';
import { readBody } from './env.ts';
import type { AuthEnv } from './env.ts';
import {
  factorNameTaken,
  factorNotFound,
  freshFactorNeeded,
  onlyTotp,
  secondFactorNeeded,
  secondFactorNeededToUnenroll,
  tooManyFactors,
  userNotFound,
} from './errors.ts';
import { newSecret, totpUri } from './totp.ts';

type C = Context<AuthEnv>;

const enrolment = looseObject({
  factor_type: string(),
  friendly_name: optional(nullable(string())),
  issuer: optional(nullable(string())),
});

const mostFactors = 10;
export const challengeMs = 300_000;

/** One more factor takes a fresh code of the one there is: whoever holds a session alone must not add his own. */
export async function enroll(deps: AuthDeps, c: C): Promise<Record<string, unknown>> {
  const body = await readBody(c, enrolment);
  if (body.factor_type !== 'totp') throw onlyTotp();
  const { userId, secondFactor, freshFactor } = c.var.session;
  const name = body.friendly_name ?? '';
  const secret = newSecret();
  const now = new Date(deps.clock());
  const { id, email } = await deps.admin.begin(async (tx) => {
    const [user] = await tx<{ email: string }[]>`select email from auth.users where id = ${userId} for update`;
    if (!user) throw userNotFound();
    // An enrolment that was never finished is no factor: after its challenge's time it makes room.
    const abandoned = new Date(now.getTime() - challengeMs);
    await tx`delete from auth.mfa_factors where user_id = ${userId} and status = 'unverified' and created_at < ${abandoned}`;
    const existing = await tx<{ status: string; friendly_name: string | null }[]>`
      select status, friendly_name from auth.mfa_factors where user_id = ${userId}`;
    const enrolled = existing.some(({ status }) => status === 'verified');
    if (enrolled && !secondFactor) throw secondFactorNeeded();
    if (enrolled && !freshFactor) throw freshFactorNeeded();
    if (existing.length >= mostFactors) throw tooManyFactors();
    if (name !== '' && existing.some((factor) => factor.friendly_name === name)) throw factorNameTaken();
    const [factor] = await tx<{ id: string }[]>`
      insert into auth.mfa_factors (user_id, friendly_name, factor_type, status, secret, created_at, updated_at)
      values (${userId}, ${name}, 'totp', 'unverified', ${secret}, ${now}, ${now}) returning id`;
    return { id: factor?.id, email: user.email };
  });
  const uri = totpUri({ secret, issuer: body.issuer ?? 'Errand', account: email });
  return { id, type: 'totp', friendly_name: name, totp: { qr_code: renderSVG(uri), secret, uri } };
}

export async function challenge(deps: AuthDeps, c: C): Promise<Record<string, unknown>> {
  const now = new Date(deps.clock());
  const [row] = await deps.admin<{ id: string }[]>`
    insert into auth.mfa_challenges (factor_id, created_at)
    select id, ${now} from auth.mfa_factors where id::text = ${c.req.param('id') ?? ''} and user_id = ${c.var.session.userId}
    returning id`;
  if (!row) throw factorNotFound();
  return { id: row.id, type: 'totp', expires_at: Math.floor((now.getTime() + challengeMs) / 1000) };
}

/** Takes a fresh code, as adding one does. Sessions that rose by this factor fall back to `aal1`. */
export async function unenroll(deps: AuthDeps, c: C): Promise<Record<string, unknown>> {
  const { userId, secondFactor, freshFactor } = c.var.session;
  const id = c.req.param('id') ?? '';
  await deps.admin.begin(async (tx) => {
    const [factor] = await tx<{ status: string }[]>`
      select status from auth.mfa_factors where id::text = ${id} and user_id = ${userId} for update`;
    if (!factor) throw factorNotFound();
    if (factor.status === 'verified' && !secondFactor) throw secondFactorNeededToUnenroll();
    if (factor.status === 'verified' && !freshFactor) throw freshFactorNeeded();
    await removeFactor(tx, { userId, factorId: id });
  });
  return { id };
}

/** Call inside a transaction. */
export async function removeFactor(
  tx: Query,
  { userId, factorId }: { userId: string; factorId: string },
): Promise<void> {
  const lowered = await tx<{ id: string }[]>`
    update auth.sessions set aal = 'aal1', factor_id = null
    where user_id = ${userId} and factor_id::text = ${factorId} returning id`;
  await tx`
    delete from auth.mfa_amr_claims
    where authentication_method = 'totp' and session_id::text in ${tx(['', ...lowered.map((session) => session.id)])}`;
  await tx`delete from auth.mfa_factors where id::text = ${factorId} and user_id = ${userId}`;
}
