import { afterAll, afterEach, beforeAll, beforeEach, expect, setDefaultTimeout, test } from 'bun:test';
import type { SupabaseClient } from '@supabase/supabase-js';
import { attack } from '../../support/evidence.ts';
import { codeOf, newAdmin, newClient, owner, password, signUp, type Factor } from '../../support/stack-people.ts';
import { testStack, type TestStack } from '../../support/stack.ts';
import { fixtures } from './fixtures.ts';

/* Guessing at accounts, with a clock in our hands; addresses are told as a proxy on this machine would. */

setDefaultTimeout(120_000);

const CLASS = 'accounts and tokens';

let stack: TestStack;
const clock = { aheadMs: 0 };
const now = (): number => Date.now() + clock.aheadMs;
beforeAll(async () => {
  stack = await testStack({ migrationsDir: fixtures, clock: now });
});
beforeEach(() => {
  clock.aheadMs = 0;
});
afterEach(() => {
  clock.aheadMs = 0;
});
afterAll(() => stack.stop());

/** Signs in with a password from an address; the answer's status. */
async function enter(email: string, word: string, ip: string): Promise<number> {
  const response = await fetch(`${stack.url}/auth/v1/token?grant_type=password`, {
    method: 'POST',
    headers: { apikey: stack.publishableKey, 'x-forwarded-for': ip },
    body: JSON.stringify({ email, password: word }),
  });
  await response.body?.cancel();
  return response.status;
}

async function guess(email: string, times: number, ip: (n: number) => string): Promise<number[]> {
  const answers: number[] = [];
  for (let n = 0; n < times; n++) answers.push(await enter(email, `wrong one ${n}`, ip(n)));
  return answers;
}

const signIn = async (email: string): Promise<SupabaseClient> => {
  const client = newClient(stack);
  const { error } = await client.auth.signInWithPassword({ email, password });
  if (error) throw error;
  return client;
};
const prove = (client: SupabaseClient, factor: Factor, code: string) =>
  client.auth.mfa.challengeAndVerify({ factorId: factor.id, code });
const wrong = (factor: Factor): string => (codeOf(factor, now()) === '000000' ? '000001' : '000000');
const codeAtTheDesk = (): string => /: (\S{4}-\S{4}-\S{4}) /.exec(stack.said.at(-1) ?? '')?.[1] ?? '';

attack(CLASS, 'many addresses do not help against one password', async () => {
  const { email } = await signUp(stack);
  const answers = await guess(email, 25, (n) => `198.51.100.${n}`);
  expect(answers.filter((status) => status === 400)).toHaveLength(20);
  expect(answers.slice(20)).toEqual([429, 429, 429, 429, 429]);
  expect(await enter(email, password, '198.51.100.99')).toBe(429);
  clock.aheadMs = 16 * 60_000;
  expect(await enter(email, password, '198.51.100.99')).toBe(200);
});

attack(CLASS, 'guessing passwords does not lock the owner out where the account is used', async () => {
  const home = '203.0.113.7';
  const someone = await owner(stack);
  await stack.sql`update auth.sessions set x_address = ${home} where user_id = ${someone.userId}`;
  await guess(someone.email, 21, (n) => `198.51.100.${n}`);
  expect(await enter(someone.email, password, '192.0.2.1')).toBe(429);
  expect(await enter(someone.email, password, home)).toBe(200);
  expect((await someone.client.auth.refreshSession()).error).toBeNull();
});

attack(CLASS, 'a refusal does not tell who has an account', async () => {
  const { email } = await signUp(stack);
  const nobody = `${crypto.randomUUID()}@example.org`;
  const real = await guess(email, 22, (n) => `198.51.100.${n}`);
  expect(await guess(nobody, 22, (n) => `198.51.101.${n}`)).toEqual(real);
});

attack(CLASS, 'endless addresses do not fill the memory with what is counted', async () => {
  const endless = `${'x'.repeat(1_000_000)}@example.org`;
  // More than are let through for one address, had it been counted.
  expect(new Set(await guess(endless, 22, () => '198.51.100.1'))).toEqual(new Set([400]));
});

test('right passwords are not counted', async () => {
  const { email } = await signUp(stack);
  for (let n = 0; n < 25; n++) expect(await enter(email, password, '192.0.2.7')).toBe(200);
});

attack(CLASS, 'who stole the password cannot keep the owner out by guessing second factors', async () => {
  const someone = await owner(stack);
  const thief = await signIn(someone.email);
  for (let n = 0; n < 5; n++) await prove(thief, someone.factor, wrong(someone.factor));
  clock.aheadMs = 60_000;
  const right = (): string => codeOf(someone.factor, now());
  expect((await prove(await signIn(someone.email), someone.factor, right())).error?.status).toBe(429);
  // The phone that is signed in goes on, and may change the password that was stolen.
  expect((await prove(someone.client, someone.factor, right())).error).toBeNull();
  expect((await prove(thief, someone.factor, right())).error).not.toBeNull();
  // Without any phone: the code at the desk.
  const desk = newClient(stack);
  await desk.auth.resetPasswordForEmail(someone.email);
  await desk.auth.verifyOtp({ type: 'recovery', email: someone.email, token: codeAtTheDesk() });
  clock.aheadMs = 120_000;
  expect((await prove(desk, someone.factor, right())).error).toBeNull();
  expect((await desk.auth.updateUser({ password: 'out of his hands' })).error).toBeNull();
});

attack(CLASS, 'a session with the factor is locked by its own wrong codes too', async () => {
  const someone = await owner(stack);
  for (let n = 0; n < 5; n++) await prove(someone.client, someone.factor, wrong(someone.factor));
  clock.aheadMs = 60_000;
  expect((await prove(someone.client, someone.factor, codeOf(someone.factor, now()))).error?.status).toBe(429);
  clock.aheadMs = 16 * 60_000;
  expect((await prove(someone.client, someone.factor, codeOf(someone.factor, now()))).error).toBeNull();
});

attack(CLASS, 'who asks for the code at the desk in the place of its owner does not take it away', async () => {
  const { email } = await signUp(stack);
  await newClient(stack).auth.resetPasswordForEmail(email);
  const code = codeAtTheDesk();
  const said = stack.said.length;
  for (let n = 0; n < 3; n++) await newClient(stack).auth.resetPasswordForEmail(email);
  expect(stack.said).toHaveLength(said);
  clock.aheadMs = 61_000;
  await newClient(stack).auth.resetPasswordForEmail(email);
  expect([stack.said.length, codeAtTheDesk()]).toEqual([said + 1, code]);
  const verify = (token: string) => newClient(stack).auth.verifyOtp({ type: 'recovery', email, token });
  for (let n = 0; n < 6; n++) expect((await verify('AAAA-AAAA-AAAA')).error?.code).toBe('otp_expired');
  expect((await verify(code)).error).toBeNull();
});

attack(CLASS, 'an open session changes neither password nor e-mail nor factor without a fresh code', async () => {
  const someone = await owner(stack);
  clock.aheadMs = 11 * 60_000;
  const { client, factor } = someone;
  await client.auth.refreshSession();
  const codes = [
    (await client.auth.updateUser({ password: 'taken over' })).error?.code,
    (await client.auth.updateUser({ email: 'thief@example.org' })).error?.code,
    (await client.auth.mfa.unenroll({ factorId: factor.id })).error?.code,
    (await client.auth.mfa.enroll({ factorType: 'totp', friendlyName: 'mine' })).error?.code,
  ];
  expect(new Set(codes)).toEqual(new Set(['reauthentication_needed']));
});

attack(CLASS, 'an older token of a session does not become fresh with it', async () => {
  const someone = await owner(stack);
  clock.aheadMs = 11 * 60_000;
  const { data } = await someone.client.auth.refreshSession();
  const stolen = data.session?.access_token ?? '';
  await prove(someone.client, someone.factor, codeOf(someone.factor, now()));
  const response = await fetch(`${stack.url}/auth/v1/user`, {
    method: 'PUT',
    headers: { apikey: stack.publishableKey, authorization: `Bearer ${stolen}` },
    body: JSON.stringify({ password: 'taken over' }),
  });
  expect(await response.json()).toMatchObject({ error_code: 'reauthentication_needed' });
  expect((await someone.client.auth.updateUser({ password: 'the owner chose' })).error).toBeNull();
});

test('a new e-mail is the one to sign in with; one that is taken is refused', async () => {
  const [someone, other] = [await owner(stack), await signUp(stack)];
  expect((await someone.client.auth.updateUser({ email: other.email })).error?.code).toBe('email_exists');
  const email = `${crypto.randomUUID()}@example.org`;
  expect((await someone.client.auth.updateUser({ email: email.toUpperCase() })).data.user?.email).toBe(email);
  expect(await enter(someone.email, password, '192.0.2.1')).toBe(400);
  expect(await enter(email, password, '192.0.2.1')).toBe(200);
});

attack(CLASS, "nobody signs up under, or moves to, the address of a desktop's account", async () => {
  const email = `${crypto.randomUUID()}@device.invalid`;
  expect((await newClient(stack).auth.signUp({ email, password })).error?.code).toBe('email_address_not_authorized');
  const someone = await owner(stack);
  expect((await someone.client.auth.updateUser({ email })).error?.code).toBe('email_address_not_authorized');
  expect((await newAdmin(stack).auth.admin.createUser({ email, email_confirm: true })).error).toBeNull();
});

attack(CLASS, 'a code that was used, or one of another minute, opens nothing', async () => {
  const someone = await owner(stack);
  const client = await signIn(someone.email);
  expect((await prove(client, someone.factor, codeOf(someone.factor, now()))).error?.code).toBe(
    'mfa_verification_failed',
  );
  clock.aheadMs = 10 * 60_000;
  const late = await signIn(someone.email);
  expect((await prove(late, someone.factor, codeOf(someone.factor, now() - 90_000))).error?.code).toBe(
    'mfa_verification_failed',
  );
});

test('a factor that was removed lowers the sessions that rose by it, and the next one raises them again', async () => {
  const someone = await owner(stack);
  await newAdmin(stack).auth.admin.mfa.deleteFactor({ userId: someone.userId, id: someone.factor.id });
  const { data } = await someone.client.auth.refreshSession();
  expect(data.session?.user.factors).toEqual([]);
  expect((await someone.client.auth.mfa.getAuthenticatorAssuranceLevel()).data?.currentLevel).toBe('aal1');
});
