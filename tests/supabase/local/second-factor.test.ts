import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { SupabaseClient } from '@supabase/supabase-js';
import { fixtures } from './fixtures.ts';
import { claimsOf, codeOf, enrol, newClient, owner, password, signUp } from '../../support/stack-people.ts';
import type { Factor, Person } from '../../support/stack-people.ts';
import { testStack } from '../../support/stack.ts';
import type { TestStack } from '../../support/stack.ts';

setDefaultTimeout(60_000);

describe('the second factor', () => {
  let stack: TestStack;
  const clock = { aheadMs: 0 };
  const now = (): number => Date.now() + clock.aheadMs;
  beforeAll(async () => {
    stack = await testStack({ migrationsDir: fixtures, clock: now });
  });
  afterEach(() => {
    clock.aheadMs = 0;
  });
  afterAll(() => stack.stop());

  const accessToken = async (client: SupabaseClient): Promise<string> =>
    (await client.auth.getSession()).data.session?.access_token ?? '';
  const levelOf = async (client: SupabaseClient): Promise<unknown> => claimsOf(await accessToken(client)).aal;

  const signIn = async ({ email }: Person): Promise<SupabaseClient> => {
    const client = newClient(stack);
    const { error } = await client.auth.signInWithPassword({ email, password });
    if (error) throw error;
    return client;
  };
  const prove = (client: SupabaseClient, factor: Factor, code: string) =>
    client.auth.mfa.challengeAndVerify({ factorId: factor.id, code });
  const wrong = (factor: Factor): string => (codeOf(factor, now()) === '000000' ? '000001' : '000000');

  test('comes with a picture, a secret and an address for the authenticator app', async () => {
    const { client, email } = await signUp(stack);
    const { data } = await client.auth.mfa.enroll({ factorType: 'totp', friendlyName: 'phone', issuer: 'Errand' });
    expect(data?.totp.qr_code).toStartWith('data:image/svg+xml;utf-8,<svg');
    expect(data?.totp.secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(new URL(data?.totp.uri ?? '').searchParams.get('secret')).toBe(data?.totp.secret ?? '');
    expect(decodeURIComponent(data?.totp.uri ?? '')).toContain(`Errand:${email}`);
  });

  test('a new sign-in is aal1 and knows from its session that aal2 is next', async () => {
    const person = await owner(stack);
    const client = await signIn(person);
    const { data } = await client.auth.mfa.getAuthenticatorAssuranceLevel();
    expect(data).toMatchObject({ currentLevel: 'aal1', nextLevel: 'aal2' });
    clock.aheadMs = 60_000;
    expect((await prove(client, person.factor, codeOf(person.factor, now()))).error).toBeNull();
    expect(await levelOf(client)).toBe('aal2');
    expect(claimsOf(await accessToken(client)).amr).toMatchObject([{ method: 'totp' }, { method: 'password' }]);
  });

  test('no code is good twice', async () => {
    const person = await owner(stack);
    const client = await signIn(person);
    const { error } = await prove(client, person.factor, codeOf(person.factor, now()));
    expect(error?.code).toBe('mfa_verification_failed');
  });

  test('a code of the step before is good, one of three minutes ago is not', async () => {
    const person = await owner(stack);
    clock.aheadMs = 10 * 60_000;
    const client = await signIn(person);
    expect((await prove(client, person.factor, codeOf(person.factor, now() - 180_000))).error?.code).toBe(
      'mfa_verification_failed',
    );
    expect((await prove(client, person.factor, codeOf(person.factor, now() - 30_000))).error).toBeNull();
  });

  test('five wrong codes lock it, for the right code too, for a quarter of an hour', async () => {
    const person = await owner(stack);
    const client = await signIn(person);
    for (let n = 0; n < 5; n += 1) {
      expect((await prove(client, person.factor, wrong(person.factor))).error?.code).toBe('mfa_verification_failed');
    }
    clock.aheadMs = 14 * 60_000;
    expect((await prove(client, person.factor, codeOf(person.factor, now()))).error?.status).toBe(429);
    clock.aheadMs = 16 * 60_000;
    expect((await prove(client, person.factor, codeOf(person.factor, now()))).error).toBeNull();
  });

  test('a challenge is answered once, within five minutes, by its own factor', async () => {
    const person = await owner(stack);
    const other = await owner(stack);
    const client = await signIn(person);
    const { data } = await client.auth.mfa.challenge({ factorId: person.factor.id });
    const challengeId = data?.id ?? '';
    const answer = (who: SupabaseClient, factor: Factor) =>
      who.auth.mfa.verify({ factorId: factor.id, challengeId, code: codeOf(factor, now()) });
    expect((await answer(other.client, other.factor)).error?.code).toBe('mfa_challenge_expired');
    expect((await answer(other.client, person.factor)).error?.code).toBe('mfa_factor_not_found');
    clock.aheadMs = 301_000;
    expect((await answer(client, person.factor)).error?.code).toBe('mfa_challenge_expired');
    clock.aheadMs = 120_000;
    expect((await answer(client, person.factor)).error).toBeNull();
    clock.aheadMs = 180_000;
    expect((await answer(client, person.factor)).error?.code).toBe('mfa_challenge_expired');
  });

  test('raising a session makes its older refresh tokens worthless and ends the sessions without it', async () => {
    const person = await owner(stack);
    const [bystander, client] = [await signIn(person), await signIn(person)];
    const before = (await client.auth.getSession()).data.session?.refresh_token ?? '';
    clock.aheadMs = 60_000;
    await prove(client, person.factor, codeOf(person.factor, now()));
    const old = await newClient(stack).auth.refreshSession({ refresh_token: before });
    expect(old.error?.code).toBe('refresh_token_not_found');
    expect((await bystander.auth.refreshSession()).error?.code).toBe('refresh_token_not_found');
    expect((await bystander.auth.getUser()).error?.name).toBe('AuthSessionMissingError');
    const { data } = await client.auth.refreshSession();
    expect(claimsOf(data.session?.access_token ?? '').aal).toBe('aal2');
  });

  test('an access token from before does not rise with its session', async () => {
    const person = await owner(stack);
    const client = await signIn(person);
    const before = await accessToken(client);
    clock.aheadMs = 60_000;
    await prove(client, person.factor, codeOf(person.factor, now()));
    const call = (method: string, path: string, token: string, body: object) =>
      fetch(`${stack.url}/auth/v1${path}`, {
        method,
        headers: { apikey: stack.publishableKey, authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const refused = await call('DELETE', `/factors/${person.factor.id}`, before, {});
    expect([refused.status, await refused.json()]).toMatchObject([422, { error_code: 'insufficient_aal' }]);
    const kept = await call('PUT', '/user', before, { password: 'thief chose this' });
    expect([kept.status, await kept.json()]).toMatchObject([401, { error_code: 'insufficient_aal' }]);
    const second = await call('POST', '/factors', before, { factor_type: 'totp', friendly_name: 'thief' });
    expect([second.status, await second.json()]).toMatchObject([403, { error_code: 'insufficient_aal' }]);
  });

  test('removing it lowers the session at the next refresh', async () => {
    const { client, factor } = await owner(stack);
    expect((await client.auth.mfa.unenroll({ factorId: factor.id })).error).toBeNull();
    const { data } = await client.auth.refreshSession();
    expect(claimsOf(data.session?.access_token ?? '').aal).toBe('aal1');
    expect(data.session?.user.factors).toEqual([]);
  });

  test('nobody removes or answers the factor of somebody else', async () => {
    const [victim, thief] = [await owner(stack), await owner(stack)];
    expect((await thief.client.auth.mfa.unenroll({ factorId: victim.factor.id })).error?.code).toBe(
      'mfa_factor_not_found',
    );
    expect((await thief.client.auth.mfa.challenge({ factorId: victim.factor.id })).error?.code).toBe(
      'mfa_factor_not_found',
    );
  });

  test('a name is taken once; an enrolment that was given up makes room after five minutes', async () => {
    const person = await signUp(stack);
    const begin = () => person.client.auth.mfa.enroll({ factorType: 'totp', friendlyName: 'phone' });
    expect((await begin()).error).toBeNull();
    expect((await begin()).error?.code).toBe('mfa_factor_name_conflict');
    clock.aheadMs = 301_000;
    expect((await enrol(person, now())).id).toBeString();
  });

  test('only TOTP is offered', async () => {
    const { client } = await signUp(stack);
    const { error } = await client.auth.mfa.enroll({ factorType: 'phone', phone: '+4912345' });
    expect(error?.code).toBe('mfa_totp_enroll_not_enabled');
  });
});
