import { describe, expect, test } from 'bun:test';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { createVerify, type Caller, type Verify } from '../../edge/relay/auth.ts';
import { Refusal } from '../../edge/relay/errors.ts';
import { knownTokens } from '../../edge/relay/known-tokens.ts';

const supabaseUrl = 'http://127.0.0.1:4747';
const START = 1_800_000_000;
const machine: Caller = { role: 'machine', user: 'u', kid: 'k' };

async function refusalOf(call: Promise<unknown>): Promise<string | undefined> {
  const error = await call.then(() => undefined).catch((reason: unknown) => reason);
  return error instanceof Refusal ? error.code : undefined;
}

/** A relay's check of tokens at a clock of its own, and tokens that its project made, good for an hour. */
async function checked(): Promise<{ verify: Verify; token: string; clock: { now: number } }> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const claims = { sub: crypto.randomUUID(), session_id: crypto.randomUUID(), role: 'authenticated', aal: 'aal2' };
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', kid: 'own' })
    .setIssuer(`${supabaseUrl}/auth/v1`)
    .setAudience('authenticated')
    .setExpirationTime(START + 3600)
    .sign(privateKey);
  const settings = {
    supabaseUrl,
    publishableKeys: [],
    secretKey: '',
    vapid: undefined,
    appOrigins: [],
    pushAllowLoopback: false,
    jwks: { keys: [{ ...(await exportJWK(publicKey)), kty: 'EC', kid: 'own' }] },
  };
  const clock = { now: START };
  return { verify: createVerify({ settings, fetch, now: () => clock.now }), token, clock };
}

describe('a token that was checked before', () => {
  test('is believed for five minutes and then checked again', async () => {
    let reads = 0;
    let now = START;
    const verify = knownTokens(
      async () => {
        reads++;
        return { caller: machine, expires: START + 3600 };
      },
      () => now,
    );
    for (const at of [START, START + 1, START + 299]) {
      now = at;
      expect(await verify('token')).toEqual(machine);
    }
    expect(reads).toBe(1);
    now = START + 300;
    await verify('token');
    expect(reads).toBe(2);
  });

  test('is one of a thousand at most', async () => {
    const asked: string[] = [];
    const verify = knownTokens(
      async (token) => {
        asked.push(token);
        return { caller: machine, expires: START + 3600 };
      },
      () => START,
    );
    for (let i = 0; i <= 1000; i++) await verify(String(i));
    await verify('0');
    expect(asked.filter((token) => token === '0')).toHaveLength(2);
  });

  test('is refused in the second it expires', async () => {
    const { verify, token, clock } = await checked();
    clock.now = START + 3599;
    await verify(token);
    clock.now = START + 3600;
    expect(await refusalOf(verify(token))).toBe('auth.invalid');
  });

  test('lends nothing to the same claims under another signature', async () => {
    const { verify, token } = await checked();
    await verify(token);
    const other = await checked();
    await other.verify(other.token);
    const [head = '', claims = '', signature = ''] = token.split('.');
    const flipped = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1);
    const [, , foreign = ''] = other.token.split('.');
    for (const forged of [`${head}.${claims}.${flipped}`, `${head}.${claims}.${foreign}`, `${head}.${claims}.`]) {
      expect(await refusalOf(verify(forged))).toBe('auth.invalid');
    }
    expect(await refusalOf(verify(other.token))).toBe('auth.invalid');
  });

  test('that was refused is asked about again', async () => {
    let refuse = true;
    const verify = knownTokens(
      async () => {
        if (refuse) throw new Refusal('relay.unavailable');
        return { caller: machine, expires: START + 3600 };
      },
      () => START,
    );
    expect(await refusalOf(verify('token'))).toBe('relay.unavailable');
    refuse = false;
    expect(await verify('token')).toMatchObject({ kid: 'k' });
  });
});
