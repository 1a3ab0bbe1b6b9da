import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair } from 'jose';
import { wireErrorSchema } from '../../../edge/protocol/error.ts';
import { relayApp } from '../../../edge/relay/app.ts';
import type { RelayDeps } from '../../../edge/relay/deps.ts';
import { readLimits } from '../../../edge/relay/limits.ts';
import { loadKeys } from '../../../supabase/local/keys.ts';
import { attack } from '../../support/evidence.ts';
import { minted } from '../../support/minted.ts';
import { nowSeconds, paired, tokenOf, type Pair } from '../../support/paired.ts';
import { relayStack, type RelayStack } from '../../support/relay-stack.ts';
import { claimsOf, newClient, password, signUp } from '../../support/stack-people.ts';

/* The platform's own check is off, because it lets API keys through as callers: the relay looks at every token itself. */

let stack: RelayStack;
let pair: Pair;
let claims: Record<string, unknown>;
beforeAll(async () => {
  stack = await relayStack();
  pair = await paired(stack);
  claims = claimsOf(await tokenOf(pair.phone.supabase));
}, 60_000);
afterAll(() => stack.stop());

const CLASS = 'accounts and tokens';

/** Who is let in by something else than a session with a second factor. */
const OPEN = new Set([
  'GET /health',
  'GET /config',
  'POST /pairings',
  'POST /pairings/:pid/confirm',
  'POST /devices/session',
  // A recovery code, which its own tests attack.
  'POST /recovery',
  'POST /recovery/desk',
]);
// Built and never asked: the list is the program's own, whatever is added to it.
const listed = relayApp({ settings: { appOrigins: [] }, limits: readLimits({}) } as unknown as RelayDeps).routes;
const routes = [...new Set(listed.map(({ method, path }) => `${method} ${path.replace('/relay', '')}`))]
  .filter((route) => !route.startsWith('ALL ') && !OPEN.has(route))
  .map((route) => ({ method: route.slice(0, route.indexOf(' ')), path: route.slice(route.indexOf(' ') + 1) }));

/** What each route that wants a caller says to this one. */
const everywhere = (token: string | undefined): Promise<{ route: string; status: number; code: string }[]> =>
  Promise.all(
    routes.map(async ({ method, path }) => {
      const response = await stack.request(path.replaceAll(/:\w+/g, 'x'.repeat(22)), {
        method,
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        ...(method === 'POST' || method === 'PUT' ? { body: '{}' } : {}),
      });
      const answer = wireErrorSchema.safeParse(await response.json());
      const code = answer.success ? answer.data.error.code : 'none';
      return { route: `${method} ${path}`, status: response.status, code };
    }),
  );

async function refusedEverywhere(token: string | undefined, code: string): Promise<void> {
  const answers = await everywhere(token);
  expect(answers.filter((answer) => answer.code !== code)).toEqual([]);
  expect(answers.filter(({ status }) => status !== 401 && status !== 403)).toEqual([]);
}

const mint = (more: Record<string, unknown>): Promise<string> => minted(stack, { ...claims, ...more });

test('the routes that want a caller are asked, and let a right one in', async () => {
  expect(routes.length).toBeGreaterThan(13);
  for (const token of [await tokenOf(pair.phone.supabase), await mint({})]) {
    const shut = (await everywhere(token)).filter(({ code }) => code.startsWith('auth.'));
    expect(shut).toEqual([]);
  }
});

describe('no route that wants a caller lets one in', () => {
  attack(CLASS, 'without a token', () => refusedEverywhere(undefined, 'auth.missing'));

  attack(CLASS, 'with the publishable key for a token', () => refusedEverywhere(stack.publishableKey, 'auth.invalid'));

  attack(CLASS, 'with the secret key for a token', () => refusedEverywhere(stack.secretKey, 'auth.invalid'));

  attack(CLASS, 'with a refresh token for a token', async () => {
    const { data } = await pair.phone.supabase.auth.getSession();
    await refusedEverywhere(data.session?.refresh_token, 'auth.invalid');
  });

  const wrong = [
    ['that has expired', () => ({ exp: nowSeconds() - 10 })],
    ['that never expires', () => ({ exp: undefined })],
    ['that is not valid yet', () => ({ nbf: nowSeconds() + 600 })],
    ['of another issuer', () => ({ iss: 'https://elsewhere.example/auth/v1' })],
    ['of no issuer', () => ({ iss: undefined })],
    ['for another audience', () => ({ aud: 'elsewhere' })],
    ['of the role anon', () => ({ role: 'anon' })],
    ['of the role service_role', () => ({ role: 'service_role' })],
    ['of no role', () => ({ role: undefined })],
    ['of an anonymous account', () => ({ is_anonymous: true })],
    ['without a session', () => ({ session_id: undefined })],
    ['of nobody', () => ({ sub: undefined })],
  ] satisfies [string, () => Record<string, unknown>][];
  for (const [what, more] of wrong) {
    attack(CLASS, `with a token ${what}`, async () => refusedEverywhere(await mint(more()), 'auth.invalid'));
  }

  attack(CLASS, 'with an unsigned token', () => refusedEverywhere(new UnsecuredJWT(claims).encode(), 'auth.invalid'));

  attack(CLASS, 'with a token that the public key signed as a shared secret', async () => {
    const { kid } = await loadKeys(stack.dataDir);
    for (const secret of [JSON.stringify(stack.jwks.keys[0]), stack.jwks.keys[0]?.x ?? '']) {
      const bytes = new TextEncoder().encode(secret.padEnd(32, '\0'));
      const token = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid }).sign(bytes);
      await refusedEverywhere(token, 'auth.invalid');
    }
  });

  attack(CLASS, 'with a token that another key signed', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const { kid } = await loadKeys(stack.dataDir);
    const token = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey);
    await refusedEverywhere(token, 'auth.invalid');
  });

  attack(CLASS, 'with a token that brings the key it was signed with', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(publicKey);
    const header = { alg: 'ES256', jwk, jku: 'http://127.0.0.1:9/keys.json' };
    const token = await new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
    await refusedEverywhere(token, 'auth.invalid');
  });

  attack(CLASS, 'with a token whose claims were altered after it was signed', async () => {
    const [header, , signature] = (await mint({ aal: 'aal1' })).split('.');
    const altered = Buffer.from(JSON.stringify({ ...claims, aal: 'aal2' })).toString('base64url');
    await refusedEverywhere(`${header}.${altered}.${signature}`, 'auth.invalid');
  });

  attack(CLASS, 'with a password alone', async () => {
    const half = newClient(stack);
    await half.auth.signInWithPassword({ email: pair.person.email, password });
    await refusedEverywhere(await tokenOf(half), 'auth.second-factor');
    await refusedEverywhere(await mint({ aal: undefined }), 'auth.second-factor');
  });

  attack(CLASS, 'that calls itself a device, or has the second factor, in metadata it can write itself', async () => {
    const someone = await signUp(stack);
    const { kid } = pair.desktop.identity.device;
    const data = { kind: 'device', kid, owner: pair.person.userId, aal: 'aal2', app_metadata: { kind: 'device', kid } };
    expect((await someone.client.auth.updateUser({ data })).error).toBeNull();
    await someone.client.auth.refreshSession();
    await refusedEverywhere(await tokenOf(someone.client), 'auth.second-factor');
  });

  attack(CLASS, 'whose account names a device of another kind, or none', async () => {
    for (const metadata of [{ kind: 'owner' }, { kind: 'device' }, { kind: 'device', kid: 'x' }, { kind: null }]) {
      await refusedEverywhere(await mint({ app_metadata: metadata }), 'auth.forbidden');
    }
  });

  attack(CLASS, 'without the publishable key, or with the secret one in its place', async () => {
    const authorization = `Bearer ${await tokenOf(pair.phone.supabase)}`;
    for (const [apikey, code] of [
      [undefined, 'auth.missing'],
      ['', 'auth.invalid'],
      [stack.secretKey, 'auth.invalid'],
    ] satisfies [string | undefined, string][]) {
      const headers = { authorization, ...(apikey === undefined ? {} : { apikey }) };
      for (const { method, path } of routes) {
        const response = await stack.send(path, { method, headers });
        expect(wireErrorSchema.parse(await response.json()).error.code).toBe(code);
      }
    }
  });
});

describe('the keys that tokens are checked with', () => {
  const pull = async (relay: RelayStack, token: string): Promise<unknown> => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await relay.request('/devices', { headers });
    return response.status === 200 ? undefined : wireErrorSchema.parse(await response.json()).error.code;
  };

  test('are fetched from the project when none are given', async () => {
    const fetching = await relayStack({ env: { SUPABASE_JWKS: undefined } });
    try {
      const mine = { ...claims, iss: `${fetching.url}/auth/v1` };
      expect(await pull(fetching, await minted(fetching, mine))).toBeUndefined();
      expect(await pull(fetching, await minted(stack, mine))).toBe('auth.invalid');
    } finally {
      await fetching.stop();
    }
  }, 60_000);

  test('that cannot be fetched are not the caller’s fault', async () => {
    const lost = await relayStack({ env: { SUPABASE_JWKS: undefined, SUPABASE_URL: 'http://127.0.0.1:9' } });
    try {
      expect(await pull(lost, await minted(lost, claims))).toBe('relay.unavailable');
    } finally {
      await lost.stop();
    }
  }, 60_000);

  attack(CLASS, 'check no other algorithm, also when a key for it is among those trusted', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    const rsa = { ...(await exportJWK(publicKey)), kid: 'rsa' };
    const mixed = await relayStack({
      env: ({ SUPABASE_JWKS }) => ({
        SUPABASE_JWKS: JSON.stringify({ keys: [...JSON.parse(SUPABASE_JWKS).keys, rsa] }),
      }),
    });
    try {
      const mine = { ...claims, iss: `${mixed.url}/auth/v1` };
      expect(await pull(mixed, await minted(mixed, mine))).toBeUndefined();
      const token = await new SignJWT(mine).setProtectedHeader({ alg: 'RS256', kid: 'rsa' }).sign(privateKey);
      expect(await pull(mixed, token)).toBe('auth.invalid');
    } finally {
      await mixed.stop();
    }
  });
});
