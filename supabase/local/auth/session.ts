import { addressGroup } from '../../../edge/relay/limits.ts';
import type { Query } from '../postgres/connect.ts';
import { writeToken } from '../tokens.ts';
import type { AuthDeps } from './deps.ts';
import { sessionNotFound } from './errors.ts';
import { writeRefreshToken } from './refresh-token.ts';
import { findUser, userJson } from './user.ts';

/** How somebody proved who they are, as `amr` names it. */
export type Method = 'password' | 'otp' | 'recovery' | 'totp';

export type SessionJson = Record<string, unknown>;

type SessionRow = { user_id: string; counter: number; amr: { method: string; timestamp: number }[] };

/** Call inside a transaction. */
export async function openSession(
  deps: AuthDeps,
  tx: Query,
  user: { id: string; method: Method; ip: string | undefined },
): Promise<SessionJson> {
  const now = new Date(deps.clock());
  const address = user.ip === undefined ? null : addressGroup(user.ip);
  const [session] = await tx<{ id: string }[]>`
    insert into auth.sessions (user_id, x_address, created_at, updated_at) values (${user.id}, ${address}, ${now}, ${now})
    returning id`;
  if (!session) throw sessionNotFound();
  await addMethod(tx, session.id, user.method, now);
  await tx`update auth.users set last_sign_in_at = ${now} where id = ${user.id}`;
  return sessionJson(deps, tx, session.id);
}

export async function addMethod(tx: Query, sessionId: string, method: Method, now: Date): Promise<void> {
  await tx`
    insert into auth.mfa_amr_claims (session_id, authentication_method, created_at, updated_at)
    values (${sessionId}, ${method}, ${now}, ${now})
    on conflict (session_id, authentication_method) do update set updated_at = excluded.updated_at`;
}

/**
 * The answer of every call that signs in or refreshes. All claims come from the tables at this moment, so
 * `aal2` outlives a refresh and never a removed factor.
 */
export async function sessionJson(deps: AuthDeps, tx: Query, sessionId: string): Promise<SessionJson> {
  const [session] = await tx<SessionRow[]>`
    select s.user_id, s.refresh_token_counter::int as counter, (
      select coalesce(json_agg(json_build_object(
        'method', a.authentication_method, 'timestamp', floor(extract(epoch from a.updated_at))) order by a.updated_at desc), '[]')
      from auth.mfa_amr_claims as a where a.session_id = s.id
    ) as amr
    from auth.sessions as s where s.id = ${sessionId}`;
  const user = session && (await findUser(tx, 'id', session.user_id));
  if (!session || !user) throw sessionNotFound();
  const issued = Math.floor(deps.clock() / 1000);
  const expires = issued + deps.accessTokenSeconds;
  const claims = {
    iss: deps.issuer,
    sub: user.id,
    aud: user.aud,
    iat: issued,
    exp: expires,
    role: user.role,
    email: user.email,
    phone: '',
    app_metadata: user.raw_app_meta_data,
    user_metadata: user.raw_user_meta_data,
    aal: session.amr.some(({ method }) => method === 'totp') ? 'aal2' : 'aal1',
    amr: session.amr,
    session_id: sessionId,
    is_anonymous: false,
  };
  return {
    access_token: await writeToken(claims, deps.keys),
    token_type: 'bearer',
    expires_in: deps.accessTokenSeconds,
    expires_at: expires,
    refresh_token: writeRefreshToken({ sessionId, counter: session.counter }, deps.keys.refresh),
    user: userJson(user),
  };
}
