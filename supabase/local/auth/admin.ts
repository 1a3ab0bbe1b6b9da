import type { Context } from 'hono';
import { looseObject, nullable, optional, record, safeParse, string, unknown, uuid } from 'zod/mini';
import { normalEmail } from './accounts.ts';
import type { AuthDeps } from './deps.ts';
import { readBody } from './env.ts';
import type { AuthEnv } from './env.ts';
import { badBody, emailExists, userNotFound } from './errors.ts';
import { newLinkToken, storeToken } from './one-time-token.ts';
import { hashPassword } from './password.ts';
import { findUser, findUsers, insertUser, userJson } from './user.ts';

type C = Context<AuthEnv>;
type Json = Record<string, unknown>;

const metadata = optional(nullable(record(string(), unknown())));
const creation = looseObject({
  email: string(),
  password: optional(nullable(string())),
  app_metadata: metadata,
  user_metadata: metadata,
});
const linkBody = looseObject({ type: string(), email: string() });

/** The address counts as confirmed in any case: there is no mail to confirm it with. */
export async function createUser(deps: AuthDeps, c: C): Promise<Json> {
  const body = await readBody(c, creation);
  const email = normalEmail(body.email);
  const passwordHash = typeof body.password === 'string' ? await hashPassword(body.password) : null;
  const user = await insertUser(deps.admin, {
    email,
    passwordHash,
    appMetadata: body.app_metadata ?? {},
    userMetadata: body.user_metadata ?? {},
    now: new Date(deps.clock()),
  });
  if (!user) throw emailExists();
  return userJson(user);
}

export async function listUsers({ admin }: AuthDeps): Promise<Json> {
  const users = await findUsers(admin, 'all');
  return { users: users.map(userJson), aud: 'authenticated' };
}

export async function getUser({ admin }: AuthDeps, c: C): Promise<Json> {
  const user = await findUser(admin, 'id', idOf(c));
  if (!user) throw userNotFound();
  return userJson(user);
}

function idOf(c: C): string {
  const id = safeParse(uuid(), c.req.param('id'));
  if (!id.success) throw userNotFound();
  return id.data;
}

/** Takes the user's sessions along. Access tokens already given out stay valid until they expire. */
export async function deleteUser({ admin }: AuthDeps, c: C): Promise<Json> {
  const gone = await admin`delete from auth.users where id = ${idOf(c)} returning id`;
  if (gone.length === 0) throw userNotFound();
  return {};
}

/** Unlike hosted's, the token is 256 random bits and not the hash of a 6-digit code. */
export async function generateLink(deps: AuthDeps, c: C): Promise<Json> {
  const { type, email } = await readBody(c, linkBody);
  if (type !== 'magiclink') throw badBody();
  const user = await findUser(deps.admin, 'email', email.trim());
  if (!user) throw userNotFound();
  const hashed = newLinkToken();
  await storeToken(deps.admin, { kind: 'magiclink', userId: user.id, now: new Date(deps.clock()) }, hashed);
  return {
    ...userJson(user),
    action_link: `${deps.issuer}/verify?token=${hashed}&type=magiclink`,
    email_otp: '',
    hashed_token: hashed,
    redirect_to: '',
    verification_type: 'magiclink',
  };
}
