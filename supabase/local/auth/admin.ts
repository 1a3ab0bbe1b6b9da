import type { Context } from 'hono';
import { looseObject, nullable, optional, record, safeParse, string, unknown, uuid } from 'zod/mini';
import type { AuthDeps } from './deps.ts';
import { anyEmail } from './email.ts';
import { readBody } from './env.ts';
import type { AuthEnv } from './env.ts';
import { badBody, emailExists, factorNotFound, samePassword, userNotFound } from './errors.ts';
import { removeFactor } from './factors.ts';
import { newLink, resetCode } from './one-time-token.ts';
import { checkPassword, hashPassword } from './password.ts';
import { setEmail, setPassword } from './profile.ts';
import { findUser, findUsers, insertUser, userJson } from './user.ts';
import type { UserRow } from './user.ts';

type C = Context<AuthEnv>;
type Json = Record<string, unknown>;

const metadata = optional(nullable(record(string(), unknown())));
const creation = looseObject({
  email: string(),
  password: optional(nullable(string())),
  app_metadata: metadata,
  user_metadata: metadata,
});
const correction = looseObject({ email: optional(string()), password: optional(string()) });
const linkBody = looseObject({ type: string(), email: string() });

/** The address counts as confirmed in any case: there is no mail to confirm it with. */
export async function createUser(deps: AuthDeps, c: C): Promise<Json> {
  const body = await readBody(c, creation);
  const email = anyEmail(body.email);
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

export async function getUser(deps: AuthDeps, c: C): Promise<Json> {
  return userJson(await namedUser(deps, c));
}

/** A new password ends all of the user's sessions. */
export async function correctUser(deps: AuthDeps, c: C): Promise<Json> {
  const { email, password } = await readBody(c, correction);
  const { id: userId, encrypted_password: old } = await namedUser(deps, c);
  if (password !== undefined && (await checkPassword(password, old))) throw samePassword();
  const now = new Date(deps.clock());
  const hash = password === undefined ? undefined : await hashPassword(password);
  await deps.admin.begin(async (tx) => {
    if (hash !== undefined) await setPassword(tx, { hash, userId, keep: null, now });
    if (email !== undefined) await setEmail(tx, { email: anyEmail(email), userId, now });
  });
  return userJson(await namedUser(deps, c));
}

export async function listFactors(deps: AuthDeps, c: C): Promise<unknown[]> {
  return (await namedUser(deps, c)).factors;
}

/** Sessions that rose by it fall back to `aal1`. */
export async function deleteFactor(deps: AuthDeps, c: C): Promise<Json> {
  const user = await namedUser(deps, c);
  const found = user.factors.find(({ id }) => id === c.req.param('factor'));
  if (!found) throw factorNotFound();
  await deps.admin.begin((tx) => removeFactor(tx, { userId: user.id, factorId: found.id }));
  return found;
}

async function namedUser({ admin }: AuthDeps, c: C): Promise<UserRow> {
  const user = await findUser(admin, 'id', idOf(c));
  if (!user) throw userNotFound();
  return user;
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

/** Unlike hosted's, the token of a link is 256 random bits and not the hash of a 6-digit code; a reset has a code and no link. */
export async function generateLink(deps: AuthDeps, c: C): Promise<Json> {
  const { type, email } = await readBody(c, linkBody);
  if (type !== 'magiclink' && type !== 'recovery') throw badBody();
  const user = await findUser(deps.admin, 'email', email.trim());
  if (!user) throw userNotFound();
  const link = type === 'magiclink' ? await newLink(deps.admin, user.id, new Date(deps.clock())) : '';
  return {
    ...userJson(user),
    action_link: link === '' ? '' : `${deps.issuer}/verify?token=${link}&type=magiclink`,
    email_otp: type === 'recovery' ? await resetCode(deps, user.id) : '',
    hashed_token: link,
    redirect_to: '',
    verification_type: type,
  };
}
