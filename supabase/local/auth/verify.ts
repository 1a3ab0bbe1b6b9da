import type { Context } from 'hono';
import { enum as zodEnum, literal, looseObject, string, union } from 'zod/mini';
import type { AuthDeps, AuthParts } from './deps.ts';
import { readBody } from './env.ts';
import type { AuthEnv } from './env.ts';
import { AuthError, otpExpired } from './errors.ts';
import { resetCode, showCode, useLinkToken, useResetCode } from './one-time-token.ts';
import { openSession } from './session.ts';
import type { SessionJson } from './session.ts';
import { findUser } from './user.ts';

type C = Context<AuthEnv>;

const verification = union([
  looseObject({ type: zodEnum(['magiclink', 'email']), token_hash: string() }),
  looseObject({ type: literal('recovery'), email: string(), token: string() }),
]);

const recovery = looseObject({ email: string() });

/** A link's token makes a session with `amr` otp; a recovery code one with `amr` recovery. Each works once. */
export async function verifyOneTime(deps: AuthDeps, c: C): Promise<SessionJson> {
  const body = await readBody(c, verification);
  return body.type === 'recovery' ? useRecovery(deps, c, body) : useLink(deps, c, body.token_hash);
}

async function useLink(deps: AuthDeps, c: C, hash: string): Promise<SessionJson> {
  const session = await deps.admin.begin(async (tx) => {
    const id = await useLinkToken(tx, hash, new Date(deps.clock()));
    return id === undefined ? undefined : openSession(deps, tx, { id, method: 'otp', ip: c.env.ip });
  });
  if (!session) throw otpExpired();
  return session;
}

async function useRecovery(deps: AuthDeps, c: C, given: { email: string; token: string }): Promise<SessionJson> {
  const user = await findUser(deps.admin, 'email', given.email.trim());
  if (!user || !(await useResetCode(deps, user.id, given.token))) throw otpExpired();
  return deps.admin.begin((tx) => openSession(deps, tx, { id: user.id, method: 'recovery', ip: c.env.ip }));
}

/** Says the same for every address, so that nobody learns who has an account. The code appears at the desk, once a minute at most. */
export async function recover(deps: AuthParts, c: C): Promise<Record<string, never>> {
  const { email } = await readBody(c, recovery);
  const user = await findUser(deps.admin, 'email', email.trim());
  if (user && isDue(deps, user.id)) {
    const code = showCode(await resetCode(deps, user.id));
    deps.log(`Code to reset the password of ${user.email}: ${code} (10 minutes). Not asked for by you? Ignore it.`);
  }
  return {};
}

function isDue({ said }: AuthParts, userId: string): boolean {
  try {
    said.take(userId);
    return true;
  } catch (error) {
    if (error instanceof AuthError) return false;
    throw error;
  }
}
