import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { fixtures } from './fixtures.ts';
import { claimsOf, newClient, owner, password, signUp } from '../../support/stack-people.ts';
import { testStack } from '../../support/stack.ts';
import type { TestStack } from '../../support/stack.ts';

setDefaultTimeout(60_000);

describe('an account on the embedded stack', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await testStack({ migrationsDir: fixtures });
  });
  afterAll(() => stack.stop());

  test('signing up gives a session at aal1 with hosted claims', async () => {
    const { client, email, userId } = await signUp(stack);
    const { data } = await client.auth.getSession();
    const claims = claimsOf(data.session?.access_token ?? '');
    expect(claims).toMatchObject({
      aal: 'aal1',
      aud: 'authenticated',
      role: 'authenticated',
      email,
      sub: userId,
      iss: `${stack.url}/auth/v1`,
      amr: [{ method: 'password', timestamp: expect.any(Number) }],
      app_metadata: { provider: 'email', providers: ['email'] },
    });
    expect(data.session?.user.factors).toEqual([]);
  });

  test('a second factor raises the session, and a refresh keeps it raised', async () => {
    const { client } = await owner(stack);
    const { data } = await client.auth.refreshSession();
    expect(claimsOf(data.session?.access_token ?? '')).toMatchObject({ aal: 'aal2' });
    const level = await client.auth.mfa.getAuthenticatorAssuranceLevel();
    expect(level.data).toMatchObject({ currentLevel: 'aal2', nextLevel: 'aal2' });
  });

  test('a wrong password is refused', async () => {
    const { email } = await signUp(stack);
    const { error } = await newClient(stack).auth.signInWithPassword({ email, password: `${password}!` });
    expect(error?.code).toBe('invalid_credentials');
  });
});
