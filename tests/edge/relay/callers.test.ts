import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair } from 'jose';
import { createVerify } from '../../../edge/relay/auth.ts';
import { readConfig } from '../../../edge/relay/config.ts';
import { loadKeys } from '../../../supabase/local/keys.ts';
import { bind, nowSeconds, paired, sealed, sessionIdOf, tokenOf, type Pair } from '../../support/paired.ts';
import { refusalOf } from '../../support/refusal.ts';
import { relayStack, type RelayStack } from '../../support/relay-stack.ts';
import { claimsOf, enrol, newClient, owner, password, signUp } from '../../support/stack-people.ts';

let stack: RelayStack;
let pair: Pair;
let phoneClaims: Record<string, unknown>;
beforeAll(async () => {
  stack = await relayStack();
  pair = await paired(stack);
  phoneClaims = claimsOf(await tokenOf(pair.phone.supabase));
}, 60_000);
afterAll(() => stack.stop());

/** A token of the stack's own key with other claims: what only whoever holds the key could make. */
async function minted(claims: Record<string, unknown>): Promise<string> {
  const { sign, kid } = await loadKeys(stack.dataDir);
  return new SignJWT({ ...phoneClaims, ...claims }).setProtectedHeader({ alg: 'ES256', kid }).sign(sign);
}

const pullWith = (token: string | undefined) =>
  refusalOf(stack.client(() => Promise.resolve(token)).pull({ max: 1, epoch: 1 }));

describe('a caller', () => {
  test('with a token as Auth makes them is let in', async () => {
    expect(await pullWith(await minted({}))).toBeUndefined();
  });

  test('without a token is told to sign in', async () => {
    expect(await pullWith(undefined)).toBe('auth.missing');
  });

  test.each([
    ['that has expired', { exp: nowSeconds() - 10 }],
    ['of another issuer', { iss: 'https://elsewhere.example/auth/v1' }],
    ['for another audience', { aud: 'elsewhere' }],
    ['of another role', { role: 'service_role' }],
    ['of an anonymous account', { is_anonymous: true }],
    ['without a session', { session_id: undefined }],
  ])('with a token %s is refused', async (_, claims) => {
    expect(await pullWith(await minted(claims))).toBe('auth.invalid');
  });

  test('with a token signed otherwise is refused', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const { kid } = await loadKeys(stack.dataDir);
    const secret = new TextEncoder().encode(JSON.stringify(stack.jwks.keys[0]));
    const forged = [
      await new SignJWT(phoneClaims).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey),
      await new SignJWT(phoneClaims).setProtectedHeader({ alg: 'HS256', kid }).sign(secret),
      new UnsecuredJWT(phoneClaims).encode(),
    ];
    for (const token of forged) expect(await pullWith(token)).toBe('auth.invalid');
  });

  test('with a token of another algorithm is refused, also when its key is among those trusted', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    const rsa = { ...(await exportJWK(publicKey)), kid: 'rsa' };
    const env = {
      SUPABASE_URL: stack.url,
      SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: stack.publishableKey }),
      SUPABASE_SECRET_KEYS: JSON.stringify({ default: stack.secretKey }),
      SUPABASE_JWKS: JSON.stringify({ keys: [...stack.jwks.keys, rsa] }),
    };
    const verify = createVerify({ settings: readConfig(env), fetch, now: nowSeconds });
    expect(await verify(await minted({}))).toMatchObject({ role: 'owner', user: pair.person.userId });
    const token = await new SignJWT(phoneClaims).setProtectedHeader({ alg: 'RS256', kid: 'rsa' }).sign(privateKey);
    expect(await verify(token).catch((error: unknown) => error)).toMatchObject({ code: 'auth.invalid' });
  });

  test('is checked with keys fetched from the project, when none are given', async () => {
    const env = {
      SUPABASE_URL: stack.url,
      SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: stack.publishableKey }),
      SUPABASE_SECRET_KEYS: JSON.stringify({ default: stack.secretKey }),
    };
    const fetched = createVerify({ settings: readConfig(env), fetch, now: nowSeconds });
    expect(await fetched(await minted({}))).toMatchObject({ role: 'owner', secondFactor: true });
    const unreachable = createVerify({
      settings: readConfig(env),
      fetch: () => Promise.reject(new TypeError('connection refused')),
      now: nowSeconds,
    });
    const refused = await unreachable(await minted({})).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'relay.unavailable' });
  });

  test('with an API key for a token is refused', async () => {
    for (const key of [stack.publishableKey, stack.secretKey]) expect(await pullWith(key)).toBe('auth.invalid');
  });

  test('without the publishable key, or with the secret one in its place, is refused', async () => {
    const authorization = `Bearer ${await tokenOf(pair.phone.supabase)}`;
    for (const [apikey, code] of [
      ['', 'auth.invalid'],
      [stack.secretKey, 'auth.invalid'],
    ]) {
      const response = await stack.request('/devices', { headers: { authorization, apikey: apikey ?? '' } });
      expect(await response.json()).toMatchObject({ error: { code } });
    }
    const bare = await stack.relay.fetch(new Request(`${stack.url}/relay/devices`, { headers: { authorization } }));
    expect(await bare.json()).toMatchObject({ error: { code: 'auth.missing' } });
  });

  test('without the second factor is told to enter it', async () => {
    const half = newClient(stack);
    await half.auth.signInWithPassword({ email: pair.person.email, password });
    const token = await tokenOf(half);
    expect(await pullWith(token)).toBe('auth.second-factor');
    const relay = stack.client(() => Promise.resolve(token));
    for (const call of [relay.devices(), relay.stop(pair.desktop.identity.device.kid), relay.revokeDevice('x')]) {
      expect(await refusalOf(call)).toBe('auth.second-factor');
    }
    // Signing in made no phone of it, and the phone's own session still is one.
    expect(await refusalOf(pair.phone.relay.pull({ max: 1, epoch: 1 }))).toBeUndefined();
  });

  test('whose session is bound to no phone cannot send or pull, but can list and stop', async () => {
    const someone = await owner(stack);
    const relay = stack.client(() => tokenOf(someone.client));
    expect(await refusalOf(relay.pull({ max: 1, epoch: 1 }))).toBe('device.unbound');
    const envelope = await sealed(pair.phone.identity, [pair.desktop.identity]);
    expect(await refusalOf(relay.postEnvelope(envelope))).toBe('device.unbound');
    expect((await relay.devices()).devices).toEqual([]);
  });

  test("in another session of the phone's owner is not the phone", async () => {
    expect(await pullWith(await minted({ session_id: crypto.randomUUID() }))).toBe('device.unbound');
  });

  test("cannot bind a session to another account's phone", async () => {
    const thief = await owner(stack);
    const relay = stack.client(() => tokenOf(thief.client));
    expect(await refusalOf(bind(relay, pair.phone.identity, thief.client))).toBe('device.unknown');
  });

  test('that is a machine account with a second factor of its own is still no phone and no owner', async () => {
    const { supabase, relay, identity } = await paired(stack, pair).then(({ desktop }) => desktop);
    await enrol({ client: supabase, email: '', userId: '' });
    expect(claimsOf(await tokenOf(supabase))['aal']).toBe('aal2');
    const task = await sealed(identity, [pair.desktop.identity], { k: 'task' });
    expect(await refusalOf(relay.postEnvelope(task))).toBe('envelope.kind');
    expect(await refusalOf(relay.stop(pair.desktop.identity.device.kid))).toBe('auth.forbidden');
    expect(await refusalOf(relay.revokeDevice(pair.phone.identity.device.kid))).toBe('auth.forbidden');
    expect(await refusalOf(bind(relay, identity, supabase))).toBe('auth.forbidden');
  });

  test('that names a device in metadata it can write itself is a person', async () => {
    const someone = await signUp(stack);
    const { kid } = pair.desktop.identity.device;
    await someone.client.auth.updateUser({ data: { kind: 'device', kid, owner: pair.person.userId } });
    const token = await minted({
      sub: someone.userId,
      session_id: await sessionIdOf(someone.client),
      aal: 'aal1',
      user_metadata: { kind: 'device', kid },
    });
    expect(await pullWith(token)).toBe('auth.second-factor');
  });

  test("that is a machine account with another desktop's name in it is unknown", async () => {
    const other = await paired(stack);
    const machine = claimsOf(await tokenOf(other.desktop.supabase));
    const { kid } = pair.desktop.identity.device;
    const token = await minted({ ...machine, app_metadata: { kind: 'device', kid, owner: pair.person.userId } });
    expect(await pullWith(token)).toBe('device.unknown');
  });
});
