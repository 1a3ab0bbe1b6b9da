import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { fixtures } from './fixtures.ts';
import { claimsOf, newAdmin, newClient, owner } from '../../support/stack-people.ts';
import { testStack } from '../../support/stack.ts';
import type { TestStack } from '../../support/stack.ts';

setDefaultTimeout(60_000);

describe('a machine user', () => {
  let stack: TestStack;
  const clock = { aheadMs: 0 };
  beforeAll(async () => {
    stack = await testStack({
      migrationsDir: fixtures,
      clock: () => Date.now() + clock.aheadMs,
      signUps: ['someone@example.org'],
    });
  });
  afterEach(() => {
    clock.aheadMs = 0;
  });
  afterAll(() => stack.stop());

  const make = async (): Promise<{ id: string; email: string }> => {
    const email = `${crypto.randomUUID()}@device.invalid`;
    const { data, error } = await newAdmin(stack).auth.admin.createUser({
      email,
      email_confirm: true,
      app_metadata: { kind: 'device', kid: 'k1', owner: 'o1' },
    });
    if (error) throw error;
    return { id: data.user.id, email };
  };
  const tokenFor = async (email: string): Promise<string> => {
    const { data } = await newAdmin(stack).auth.admin.generateLink({ type: 'magiclink', email });
    return data.properties?.hashed_token ?? '';
  };
  const verify = (hash: string) => newClient(stack).auth.verifyOtp({ type: 'magiclink', token_hash: hash });

  test('signs in with a token made for it, and its claims say what it is', async () => {
    const device = await make();
    const { data, error } = await verify(await tokenFor(device.email));
    expect(error).toBeNull();
    expect(claimsOf(data.session?.access_token ?? '')).toMatchObject({
      sub: device.id,
      aal: 'aal1',
      amr: [{ method: 'otp' }],
      app_metadata: { kind: 'device', kid: 'k1', owner: 'o1' },
    });
  });

  test('its token has 256 random bits, works once, for ten minutes, and only the newest does', async () => {
    const { email } = await make();
    const used = await tokenFor(email);
    expect(Buffer.from(used, 'base64url')).toHaveLength(32);
    expect((await verify(used)).error).toBeNull();
    expect((await verify(used)).error?.code).toBe('otp_expired');
    const [older, newest] = [await tokenFor(email), await tokenFor(email)];
    expect((await verify(older)).error?.code).toBe('otp_expired');
    clock.aheadMs = 601_000;
    expect((await verify(newest)).error?.code).toBe('otp_expired');
  });

  test('deleting it ends its session at the next refresh', async () => {
    const device = await make();
    const client = newClient(stack);
    await client.auth.verifyOtp({ type: 'magiclink', token_hash: await tokenFor(device.email) });
    expect((await newAdmin(stack).auth.admin.deleteUser(device.id)).error).toBeNull();
    expect((await client.auth.refreshSession()).error?.code).toBe('refresh_token_not_found');
    expect((await newAdmin(stack).auth.admin.getUserById(device.id)).error?.code).toBe('user_not_found');
    expect((await newAdmin(stack).auth.admin.deleteUser(device.id)).error?.code).toBe('user_not_found');
  });

  test('is made past the list of addresses that may sign up', async () => {
    const { error } = await newClient(stack).auth.signUp({ email: 'other@example.org', password: 'long enough' });
    expect(error?.code).toBe('email_address_not_authorized');
    expect((await make()).id).toBeString();
  });

  test("is nobody's to make, list or delete without the secret key", async () => {
    const open = await testStack({ migrationsDir: fixtures });
    const { client, userId } = await owner(open);
    const key = open.publishableKey;
    for (const admin of [newClient(open).auth.admin, client.auth.admin]) {
      expect((await admin.createUser({ email: 'x@device.invalid' })).error?.code).toBe('not_admin');
      expect((await admin.listUsers()).error?.code).toBe('not_admin');
      expect((await admin.deleteUser(userId)).error?.code).toBe('not_admin');
      expect((await admin.generateLink({ type: 'magiclink', email: 'x@y' })).error?.code).toBe('not_admin');
    }
    expect(key).toStartWith('sb_publishable_');
    await open.stop();
  });

  test('appears in the list with its metadata', async () => {
    const device = await make();
    const { data } = await newAdmin(stack).auth.admin.listUsers();
    expect(data.users.find(({ id }) => id === device.id)?.app_metadata).toMatchObject({ kind: 'device' });
  });
});
