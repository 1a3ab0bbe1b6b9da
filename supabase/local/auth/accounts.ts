import type { Context } from 'hono';
import { looseObject, object, optional, record, string, unknown } from 'zod/mini';
import type { Query } from '../postgres/connect.ts';
import type { AuthDeps } from './deps.ts';
import { readBody } from './env.ts';
import type { AuthEnv } from './env.ts';
import {
  badBody,
  badCredentials,
  emailNotAllowed,
  samePassword,
  secondFactorNeededForPassword,
  signUpDisabled,
  unsupportedGrant,
  userExists,
  userNotFound,
} from './errors.ts';
import { checkPassword, hashPassword } from './password.ts';
import { refresh } from './refresh.ts';
import { openSession } from './session.ts';
import type { SessionJson } from './session.ts';
import { findUser, insertUser, userJson } from './user.ts';
import type { UserRow } from './user.ts';

type C = Context<AuthEnv>;

const credentials = looseObject({ email: string(), password: string(), data: optional(record(string(), unknown())) });
const refreshBody = looseObject({ refresh_token: string() });
const change = object({ password: optional(string()), data: optional(record(string(), unknown())) });

export async function signUp(deps: AuthDeps, c: C): Promise<SessionJson> {
  const body = await readBody(c, credentials);
  const email = normalEmail(body.email);
  if (deps.signUps === 'closed') throw signUpDisabled();
  if (deps.signUps !== 'open' && !deps.signUps.some((allowed) => allowed.toLowerCase() === email))
    throw emailNotAllowed();
  const passwordHash = await hashPassword(body.password);
  return deps.admin.begin(async (tx) => {
    const now = new Date(deps.clock());
    const user = await insertUser(tx, { email, passwordHash, appMetadata: {}, userMetadata: body.data ?? {}, now });
    if (!user) throw userExists();
    return openSession(deps, tx, { id: user.id, method: 'password' });
  });
}

export async function token(deps: AuthDeps, c: C): Promise<SessionJson> {
  switch (c.req.query('grant_type') ?? '') {
    case 'password':
      return signIn(deps, c);
    case 'refresh_token':
      return refresh(deps, (await readBody(c, refreshBody)).refresh_token);
    default:
      throw unsupportedGrant();
  }
}

async function signIn(deps: AuthDeps, c: C): Promise<SessionJson> {
  const { email, password } = await readBody(c, credentials);
  const user = await findUser(deps.admin, 'email', email.trim());
  if (!(await checkPassword(password, user?.encrypted_password)) || !user) throw badCredentials();
  return deps.admin.begin((tx) => openSession(deps, tx, { id: user.id, method: 'password' }));
}

export async function readUser(deps: AuthDeps, c: C): Promise<Record<string, unknown>> {
  return userJson(await ownUser(deps, c));
}

/** A new password ends the user's other sessions. With a second factor set up, it takes one to change it. */
export async function updateUser(deps: AuthDeps, c: C): Promise<Record<string, unknown>> {
  const { password, data } = await readBody(c, change);
  const user = await ownUser(deps, c);
  const now = new Date(deps.clock());
  const hash = password === undefined ? undefined : await newPassword(user, password, c.var.session.secondFactor);
  await deps.admin.begin(async (tx) => {
    if (hash !== undefined) await setPassword(tx, { hash, userId: user.id, keep: c.var.session.sessionId, now });
    if (data) {
      const merged = JSON.stringify({ ...user.raw_user_meta_data, ...data });
      await tx`update auth.users set raw_user_meta_data = ${merged}::text::jsonb, updated_at = ${now} where id = ${user.id}`;
    }
  });
  return userJson(await ownUser(deps, c));
}

async function newPassword(user: UserRow, password: string, secondFactor: boolean): Promise<string> {
  const enrolled = JSON.stringify(user.factors).includes('"verified"');
  if (enrolled && !secondFactor) throw secondFactorNeededForPassword();
  if (await checkPassword(password, user.encrypted_password)) throw samePassword();
  return hashPassword(password);
}

async function setPassword(tx: Query, p: { hash: string; userId: string; keep: string; now: Date }): Promise<void> {
  await tx`update auth.users set encrypted_password = ${p.hash}, updated_at = ${p.now} where id = ${p.userId}`;
  await tx`delete from auth.sessions where user_id = ${p.userId} and id <> ${p.keep}`;
}

export async function logOut({ admin }: AuthDeps, c: C): Promise<null> {
  const { userId, sessionId } = c.var.session;
  switch (c.req.query('scope') ?? 'global') {
    case 'global':
      await admin`delete from auth.sessions where user_id = ${userId}`;
      return null;
    case 'local':
      await admin`delete from auth.sessions where id = ${sessionId}`;
      return null;
    case 'others':
      await admin`delete from auth.sessions where user_id = ${userId} and id <> ${sessionId}`;
      return null;
    default:
      throw badBody();
  }
}

export function normalEmail(email: string): string {
  const normal = email.trim().toLowerCase();
  if (normal.length > 254 || !/^[^\s@]+@[^\s@]+$/.test(normal)) throw badBody();
  return normal;
}

async function ownUser(deps: AuthDeps, c: C): Promise<UserRow> {
  const user = await findUser(deps.admin, 'id', c.var.session.userId);
  if (!user) throw userNotFound();
  return user;
}
