import type { Context } from 'hono';
import { object, optional, record, string, unknown } from 'zod/mini';
import type { Query } from '../postgres/connect.ts';
import type { AuthDeps } from './deps.ts';
import { normalEmail } from './email.ts';
import { readBody } from './env.ts';
import type { AuthEnv, LiveSession } from './env.ts';
import { emailExists, freshFactorNeeded, samePassword, secondFactorNeededForAccount, userNotFound } from './errors.ts';
import { checkPassword, hashPassword } from './password.ts';
import { findUser, isEnrolled, userJson } from './user.ts';
import type { UserRow } from './user.ts';

type C = Context<AuthEnv>;

const change = object({
  email: optional(string()),
  password: optional(string()),
  data: optional(record(string(), unknown())),
});

export async function readUser(deps: AuthDeps, c: C): Promise<Record<string, unknown>> {
  return userJson(await ownUser(deps, c));
}

/**
 * With a second factor set up, a new password or address takes a code entered in the last ten minutes: a session somebody left
 * open or stole is not enough. There is no mail, so both hold at once. A new password ends the user's other sessions.
 */
export async function updateUser(deps: AuthDeps, c: C): Promise<Record<string, unknown>> {
  const { password, email, data } = await readBody(c, change);
  const user = await ownUser(deps, c);
  if (password !== undefined || email !== undefined) requireFresh(user, c.var.session);
  const now = new Date(deps.clock());
  const hash = password === undefined ? undefined : await newPassword(user, password);
  const address = email === undefined ? undefined : normalEmail(email);
  await deps.admin.begin(async (tx) => {
    if (hash !== undefined) await setPassword(tx, { hash, userId: user.id, keep: c.var.session.sessionId, now });
    if (address !== undefined) await setEmail(tx, { email: address, userId: user.id, now });
    if (data) {
      const merged = JSON.stringify({ ...user.raw_user_meta_data, ...data });
      await tx`update auth.users set raw_user_meta_data = ${merged}::text::jsonb, updated_at = ${now} where id = ${user.id}`;
    }
  });
  return userJson(await ownUser(deps, c));
}

function requireFresh(user: UserRow, { secondFactor, freshFactor }: LiveSession): void {
  if (!isEnrolled(user)) return;
  if (!secondFactor) throw secondFactorNeededForAccount();
  if (!freshFactor) throw freshFactorNeeded();
}

async function newPassword(user: UserRow, password: string): Promise<string> {
  if (await checkPassword(password, user.encrypted_password)) throw samePassword();
  return hashPassword(password);
}

type NewPassword = { hash: string; userId: string; now: Date; keep: string | null };

/** Ends all sessions but `keep`, and what a code at the desk could still open. */
export async function setPassword(tx: Query, { hash, userId, keep, now }: NewPassword): Promise<void> {
  await tx`update auth.users set encrypted_password = ${hash}, updated_at = ${now} where id = ${userId}`;
  await tx`delete from auth.sessions where user_id = ${userId} and id is distinct from ${keep}`;
  await tx`delete from auth.one_time_tokens where user_id = ${userId}`;
}

export async function setEmail(tx: Query, p: { email: string; userId: string; now: Date }): Promise<void> {
  const taken = await tx`select from auth.users where lower(email) = ${p.email} and id <> ${p.userId}`;
  if (taken.length > 0) throw emailExists();
  await tx`update auth.users set email = ${p.email}, updated_at = ${p.now} where id = ${p.userId}`;
  await tx`delete from auth.one_time_tokens where user_id = ${p.userId}`;
}

async function ownUser(deps: AuthDeps, c: C): Promise<UserRow> {
  const user = await findUser(deps.admin, 'id', c.var.session.userId);
  if (!user) throw userNotFound();
  return user;
}
