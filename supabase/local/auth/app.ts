import { Hono } from 'hono';
import type { Context } from 'hono';
import { logOut, signUp, token } from './accounts.ts';
import {
  correctUser,
  createUser,
  deleteFactor,
  deleteUser,
  generateLink,
  getUser,
  listFactors,
  listUsers,
} from './admin.ts';
import type { AuthDeps, AuthParts } from './deps.ts';
import type { AuthEnv } from './env.ts';
import { AuthError } from './errors.ts';
import { verifyFactor } from './factor-verify.ts';
import { challenge, enroll, unenroll } from './factors.ts';
import { limited, requireAdmin, requireKey, requireSession } from './guards.ts';
import { createCounter, createLimiter } from './limits.ts';
import { createPasswordGuard } from './password-guard.ts';
import { readUser, updateUser } from './profile.ts';
import { recover, verifyOneTime } from './verify.ts';

type Call = (deps: AuthParts, c: Context<AuthEnv>) => Promise<object | null>;

/** `/auth/v1`: what Errand uses of Supabase Auth. */
export function authApp(given: AuthDeps): Hono<AuthEnv> {
  const { clock } = given;
  const said = createCounter({ most: 1, windowMs: 60_000, clock });
  const deps: AuthParts = { ...given, passwords: createPasswordGuard(clock), said };
  const limit = createLimiter(deps.limits, clock);
  const session = requireSession(deps);
  const admin = requireAdmin(deps);
  const answer = (call: Call) => async (c: Context<AuthEnv>) => {
    const json = await call(deps, c);
    return json === null ? c.body(null, 204) : c.json(json);
  };

  return new Hono<AuthEnv>()
    .get('/.well-known/jwks.json', (c) => c.json(deps.keys.jwks, 200, { 'cache-control': 'public, max-age=600' }))
    .get('/health', (c) => c.json({ name: 'Errand', description: 'The embedded stack' }))
    .use(requireKey(deps))
    .get('/settings', (c) => c.json(settings(deps)))
    .post('/signup', limited(limit, 'sign'), answer(signUp))
    .post('/token', (c, next) => limited(limit, tokenLimit(c))(c, next), answer(token))
    .post('/verify', limited(limit, 'verify'), answer(verifyOneTime))
    .post('/recover', limited(limit, 'verify'), answer(recover))
    .get('/user', session, answer(readUser))
    .put('/user', session, limited(limit, 'sign'), answer(updateUser))
    .post('/logout', session, answer(logOut))
    .post('/factors', session, limited(limit, 'factor'), answer(enroll))
    .post('/factors/:id/challenge', session, limited(limit, 'factor'), answer(challenge))
    .post('/factors/:id/verify', session, limited(limit, 'factor'), answer(verifyFactor))
    .delete('/factors/:id', session, answer(unenroll))
    .post('/admin/users', admin, answer(createUser))
    .get('/admin/users', admin, answer(listUsers))
    .get('/admin/users/:id', admin, answer(getUser))
    .put('/admin/users/:id', admin, answer(correctUser))
    .delete('/admin/users/:id', admin, answer(deleteUser))
    .get('/admin/users/:id/factors', admin, answer(listFactors))
    .delete('/admin/users/:id/factors/:factor', admin, answer(deleteFactor))
    .post('/admin/generate_link', admin, answer(generateLink))
    .onError((error) => (error instanceof AuthError ? error : unexpected()).toResponse());
}

function tokenLimit(c: Context): 'sign' | 'refresh' {
  return c.req.query('grant_type') === 'refresh_token' ? 'refresh' : 'sign';
}

function settings({ signUps }: AuthDeps): Record<string, unknown> {
  return { external: { email: true }, disable_signup: signUps === 'closed', mailer_autoconfirm: true };
}

/** Without its text: it may quote the database. auth-js tries a 500 again. */
function unexpected(): AuthError {
  return new AuthError(500, 'unexpected_failure', 'Something went wrong inside the stack. Try again.');
}
