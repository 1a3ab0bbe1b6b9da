import type { Context } from 'hono';
import { enum as zodEnum, literal, looseObject, string, union } from 'zod/mini';
import type { AuthDeps } from './deps.ts';
import { readBody } from './env.ts';
import type { AuthEnv } from './env.ts';
import { otpExpired } from './errors.ts';
import { newCode, storeToken, useCode, useLinkToken } from './one-time-token.ts';
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
  return body.type === 'recovery' ? useRecovery(deps, body) : useLink(deps, body.token_hash);
}

async function useLink(deps: AuthDeps, hash: string): Promise<SessionJson> {
  const session = await deps.admin.begin(async (tx) => {
    const userId = await useLinkToken(tx, hash, new Date(deps.clock()));
    return userId === undefined ? undefined : openSession(deps, tx, { id: userId, method: 'otp' });
  });
  if (!session) throw otpExpired();
  return session;
}

async function useRecovery(deps: AuthDeps, { email, token }: { email: string; token: string }): Promise<SessionJson> {
  const user = await findUser(deps.admin, 'email', email.trim());
  const now = new Date(deps.clock());
  const right = user && (await useCode(deps.admin, { kind: 'recovery', userId: user.id, now }, token));
  if (!user || right !== true) throw otpExpired();
  return deps.admin.begin((tx) => openSession(deps, tx, { id: user.id, method: 'recovery' }));
}

/** Says the same for every address, so that nobody learns who has an account. The code appears at the desk. */
export async function recover(deps: AuthDeps, c: C): Promise<Record<string, never>> {
  const { email } = await readBody(c, recovery);
  const user = await findUser(deps.admin, 'email', email.trim());
  if (user) {
    const code = newCode();
    await storeToken(deps.admin, { kind: 'recovery', userId: user.id, now: new Date(deps.clock()) }, code);
    deps.log(`Code to reset the password of ${user.email}: ${code.slice(0, 4)}-${code.slice(4)} (10 minutes)`);
  }
  return {};
}
