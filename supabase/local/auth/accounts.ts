import type { Context } from 'hono';
import { looseObject, optional, record, string, unknown } from 'zod/mini';
import type { AuthDeps, AuthParts, SignUps } from './deps.ts';
import { longestEmail, normalEmail } from './email.ts';
import { readBody } from './env.ts';
import type { AuthEnv } from './env.ts';
import { badBody, badCredentials, emailNotAllowed, signUpDisabled, unsupportedGrant, userExists } from './errors.ts';
import { checkPassword, hashPassword } from './password.ts';
import { refresh } from './refresh.ts';
import { openSession } from './session.ts';
import type { SessionJson } from './session.ts';
import { findUser, insertUser } from './user.ts';

type C = Context<AuthEnv>;

const credentials = looseObject({ email: string(), password: string(), data: optional(record(string(), unknown())) });
const refreshBody = looseObject({ refresh_token: string() });

/** The only door that {@link SignUps} guards: desktops' accounts come in by the admin calls. */
export async function signUp(deps: AuthDeps, c: C): Promise<SessionJson> {
  const body = await readBody(c, credentials);
  const email = normalEmail(body.email);
  if (!mayJoin(deps.signUps, email)) throw deps.signUps === 'closed' ? signUpDisabled() : emailNotAllowed();
  const passwordHash = await hashPassword(body.password);
  return deps.admin.begin(async (tx) => {
    const now = new Date(deps.clock());
    const user = await insertUser(tx, { email, passwordHash, appMetadata: {}, userMetadata: body.data ?? {}, now });
    if (!user) throw userExists();
    return openSession(deps, tx, { id: user.id, method: 'password', ip: c.env.ip });
  });
}

function mayJoin(signUps: SignUps, email: string): boolean {
  if (signUps === 'open' || signUps === 'closed') return signUps === 'open';
  return signUps.some((allowed) => allowed.trim().toLowerCase() === email);
}

export async function token(deps: AuthParts, c: C): Promise<SessionJson> {
  switch (c.req.query('grant_type') ?? '') {
    case 'password':
      return signIn(deps, c);
    case 'refresh_token':
      return refresh(deps, (await readBody(c, refreshBody)).refresh_token);
    default:
      throw unsupportedGrant();
  }
}

async function signIn(deps: AuthParts, c: C): Promise<SessionJson> {
  const { email: given, password } = await readBody(c, credentials);
  const email = given.trim();
  // What is counted is remembered: nobody has an address that long.
  if (email.length > longestEmail) throw badCredentials();
  const wasRight = await deps.passwords.enter(deps.admin, { email, ip: c.env.ip });
  const user = await findUser(deps.admin, 'email', email);
  if (!(await checkPassword(password, user?.encrypted_password)) || !user) throw badCredentials();
  wasRight();
  return deps.admin.begin(async (tx) => {
    // A change of the password comes before this, or ends the session that is opened here.
    const still = await tx`
      select from auth.users where id = ${user.id} and encrypted_password = ${user.encrypted_password} for update`;
    if (still.length === 0) throw badCredentials();
    return openSession(deps, tx, { id: user.id, method: 'password', ip: c.env.ip });
  });
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
