import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { SignJWT, createRemoteJWKSet, exportJWK, generateKeyPair, jwtVerify } from 'jose';
import { attack } from '../../support/evidence.ts';
import { fixtures } from './fixtures.ts';
import { claimsOf, codeOf, newClient, owner, password, signUp } from '../../support/stack-people.ts';
import { testStack } from '../../support/stack.ts';
import type { TestStack } from '../../support/stack.ts';
import { until } from '../../support/until.ts';

const noLimit = { sign: 1e6, verify: 1e6, refresh: 1e6, factor: 1e6 };

setDefaultTimeout(60_000);

describe('accounts', () => {
  let stack: TestStack;
  const clock = { aheadMs: 0 };
  beforeAll(async () => {
    stack = await testStack({ migrationsDir: fixtures, clock: () => Date.now() + clock.aheadMs });
  });
  afterEach(() => {
    clock.aheadMs = 0;
  });
  afterAll(() => stack.stop());

  const signIn = (email: string, word: string) => newClient(stack).auth.signInWithPassword({ email, password: word });
  const codeAtTheDesk = (): string => /: (\S{4}-\S{4}-\S{4}) /.exec(stack.said.at(-1) ?? '')?.[1] ?? '';

  test('one address has one account, whatever its case', async () => {
    const { email } = await signUp(stack);
    const again = await newClient(stack).auth.signUp({ email: email.toUpperCase(), password });
    expect(again.error?.code).toBe('user_already_exists');
    expect((await signIn(email.toUpperCase(), password)).error).toBeNull();
  });

  test('a short password and an address without @ are refused', async () => {
    expect((await newClient(stack).auth.signUp({ email: 'b@example.org', password: 'short' })).error?.code).toBe(
      'weak_password',
    );
    expect((await newClient(stack).auth.signUp({ email: 'nobody', password })).error?.code).toBe('validation_failed');
  });

  test('sign-up can be closed, or be for a list of addresses', async () => {
    const closed = await testStack({ migrationsDir: fixtures, signUps: 'closed' });
    expect((await newClient(closed).auth.signUp({ email: 'a@example.org', password })).error?.code).toBe(
      'signup_disabled',
    );
    const listed = await testStack({ migrationsDir: fixtures, signUps: ['Me@example.org'] });
    expect((await newClient(listed).auth.signUp({ email: 'you@example.org', password })).error?.code).toBe(
      'email_address_not_authorized',
    );
    expect((await newClient(listed).auth.signUp({ email: 'me@example.org', password })).error).toBeNull();
    await Promise.all([closed.stop(), listed.stop()]);
  });

  test('a new password ends the other sessions and replaces the old one', async () => {
    const { client, email } = await signUp(stack);
    const other = newClient(stack);
    await other.auth.signInWithPassword({ email, password });
    expect((await client.auth.updateUser({ password })).error?.code).toBe('same_password');
    expect((await client.auth.updateUser({ password: 'quite another one' })).error).toBeNull();
    expect((await other.auth.refreshSession()).error?.code).toBe('refresh_token_not_found');
    expect((await client.auth.refreshSession()).error).toBeNull();
    expect((await signIn(email, password)).error?.code).toBe('invalid_credentials');
    expect((await signIn(email, 'quite another one')).error).toBeNull();
  });

  attack(
    'accounts and tokens',
    'a sign-in with the old password, under way while it is changed, opens nothing',
    async () => {
      const { email, userId } = await signUp(stack);
      const late = await stack.sql.begin(async (tx) => {
        await tx`update auth.users set encrypted_password = 'another one' where id = ${userId}`;
        await tx`delete from auth.sessions where user_id = ${userId}`;
        const signingIn = signIn(email, password);
        await until(
          () => tx`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
          (waiting) => waiting.length > 0,
        );
        return { signingIn };
      });
      expect((await late.signingIn).error?.code).toBe('invalid_credentials');
      expect(await stack.sql`select from auth.sessions where user_id = ${userId}`).toHaveLength(0);
    },
  );

  test('a forgotten password is reset by a code that appears at the desk, once', async () => {
    const { email } = await signUp(stack);
    const client = newClient(stack);
    await client.auth.resetPasswordForEmail(email);
    const verify = (token: string) => newClient(stack).auth.verifyOtp({ email, token, type: 'recovery' });
    expect((await verify('AAAA-AAAA')).error?.code).toBe('otp_expired');
    const code = codeAtTheDesk();
    const { error } = await client.auth.verifyOtp({ email, token: code.toLowerCase(), type: 'recovery' });
    expect(error).toBeNull();
    expect((await verify(code)).error?.code).toBe('otp_expired');
    expect((await client.auth.updateUser({ password: 'remembered again' })).error).toBeNull();
    expect((await signIn(email, 'remembered again')).error).toBeNull();
  });

  test('a code at the desk is good for ten minutes', async () => {
    const { email } = await signUp(stack);
    await newClient(stack).auth.resetPasswordForEmail(email);
    clock.aheadMs = 601_000;
    const { error } = await newClient(stack).auth.verifyOtp({ email, token: codeAtTheDesk(), type: 'recovery' });
    expect(error?.code).toBe('otp_expired');
  });

  test('nobody learns from a reset who has an account', async () => {
    const before = stack.said.length;
    expect((await newClient(stack).auth.resetPasswordForEmail('stranger@example.org')).error).toBeNull();
    expect(stack.said).toHaveLength(before);
  });

  test('a code at the desk alone does not replace the second factor', async () => {
    const { email, factor } = await owner(stack);
    const client = newClient(stack);
    await client.auth.resetPasswordForEmail(email);
    await client.auth.verifyOtp({ email, token: codeAtTheDesk(), type: 'recovery' });
    expect((await client.auth.updateUser({ password: 'without the phone' })).error?.code).toBe('insufficient_aal');
    clock.aheadMs = 60_000;
    await client.auth.mfa.challengeAndVerify({ factorId: factor.id, code: codeOf(factor, Date.now() + 60_000) });
    expect((await client.auth.updateUser({ password: 'and with the phone' })).error).toBeNull();
  });

  test('signing out ends this session, the others or all, as it says', async () => {
    const { client, email } = await signUp(stack);
    const second = async () => {
      const other = newClient(stack);
      await other.auth.signInWithPassword({ email, password });
      return other;
    };
    const alive = async (who: typeof client): Promise<boolean> => (await who.auth.getUser()).error === null;
    const [a, b] = [await second(), await second()];
    await a.auth.signOut({ scope: 'local' });
    expect([await alive(client), await alive(b)]).toEqual([true, true]);
    await client.auth.signOut({ scope: 'others' });
    expect([await alive(client), await alive(b)]).toEqual([true, false]);
    const c = await second();
    await client.auth.signOut();
    expect(await alive(c)).toBe(false);
  });

  test('its tokens verify with the published keys, and getClaims() agrees', async () => {
    const { client, userId } = await signUp(stack);
    const token = (await client.auth.getSession()).data.session?.access_token ?? '';
    const keys = createRemoteJWKSet(new URL(`${stack.url}/auth/v1/.well-known/jwks.json`));
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      issuer: `${stack.url}/auth/v1`,
      audience: 'authenticated',
    });
    expect([payload.sub, protectedHeader.alg]).toEqual([userId, 'ES256']);
    expect((await client.auth.getClaims()).data?.claims.sub).toBe(userId);
    expect(JSON.stringify(stack.jwks)).not.toContain('"d"');
  });

  test('a forged token opens nothing', async () => {
    const { client } = await signUp(stack);
    const real = claimsOf((await client.auth.getSession()).data.session?.access_token ?? '');
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const forged = [
      await new SignJWT(real).setProtectedHeader({ alg: 'ES256', kid: stack.jwks.keys[0]?.kid ?? '' }).sign(privateKey),
      await new SignJWT(real).setProtectedHeader({ alg: 'ES256', jwk: await exportJWK(publicKey) }).sign(privateKey),
      await new SignJWT(real)
        .setProtectedHeader({ alg: 'HS256' })
        .sign(Buffer.from(JSON.stringify(stack.jwks.keys[0]))),
      `${part({ alg: 'none' })}.${part(real)}.`,
    ];
    for (const token of forged) {
      const headers = { apikey: stack.publishableKey, authorization: `Bearer ${token}` };
      expect((await fetch(`${stack.url}/auth/v1/user`, { headers })).status).toBe(403);
      const rpc = await fetch(`${stack.url}/rest/v1/rpc/whoami`, { method: 'POST', body: '{}', headers });
      expect(rpc.status).toBe(401);
    }
  });

  test('an address that tries too often waits; each address has its own count', async () => {
    const limitedStack = await testStack({ migrationsDir: fixtures, limits: { ...noLimit, sign: 2 } });
    const from = (ip: string): Promise<Response> =>
      fetch(`${limitedStack.url}/auth/v1/token?grant_type=password`, {
        method: 'POST',
        headers: { apikey: limitedStack.publishableKey, 'x-forwarded-for': ip },
        body: JSON.stringify({ email: 'a@example.org', password: 'wrong one' }),
      });
    const answers = [await from('10.0.0.1'), await from('10.0.0.1'), await from('10.0.0.1'), await from('10.0.0.2')];
    await limitedStack.stop();
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 429, 400]);
    expect(Number(answers[2]?.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('what is not offered says so', async () => {
    const { error } = await newClient(stack).auth.signInWithOtp({ email: 'a@example.org' });
    expect(error?.message).toContain('not offered by the embedded stack');
    const guest = await newClient(stack).auth.signInAnonymously();
    expect(guest.error?.code).toBe('validation_failed');
  });
});
