import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { CompactSign } from 'jose';
import { toB64u, toBytes } from '../../../edge/protocol/bytes.ts';
import { MAX_LIFE } from '../../../edge/protocol/envelope.ts';
import { newId } from '../../../edge/protocol/id.ts';
import { attack } from '../../support/evidence.ts';
import { nowSeconds, paired, phoneIdentity, sealed, type Pair } from '../../support/paired.ts';
import { refusalOf } from '../../support/refusal.ts';
import { rows } from '../../support/rows.ts';
import { relayStack, type RelayStack } from '../../support/relay-stack.ts';

let stack: RelayStack;
let pair: Pair;
let stranger: Pair;
beforeAll(async () => {
  stack = await relayStack();
  pair = await paired(stack);
  stranger = await paired(stack);
}, 60_000);
afterAll(() => stack.stop());

const post = (envelope: string) => refusalOf(pair.phone.relay.postEnvelope(envelope));
const mine = (header: Parameters<typeof sealed>[2] = {}) =>
  sealed(pair.phone.identity, [pair.desktop.identity], header);

/** An envelope whose header is whatever a test writes, properly signed by the phone. */
async function signed(header: Record<string, unknown>): Promise<string> {
  const now = nowSeconds();
  const { kid } = pair.phone.identity.device;
  const { device } = pair.desktop.identity;
  const full = {
    alg: 'ES256',
    typ: 'errand1+jws',
    kid,
    to: [{ kid: device.kid, ek: device.ek }],
    k: 'task',
    id: newId(),
    n: 1,
    iat: now,
    exp: now + 60,
    ...header,
  };
  return new CompactSign(toBytes('sealed')).setProtectedHeader(full).sign(pair.phone.identity.signing.privateKey);
}

describe('the relay refuses an envelope', () => {
  attack('header and recipient', 'that is no envelope', async () => {
    for (const text of ['', 'a.b', 'a.b.c', `${toB64u(toBytes('{}'))}.AA.AA`]) {
      expect(await post(text)).toBe('envelope.malformed');
    }
  });

  for (const [what, header] of [
    ['another type', { typ: 'errand2+jws' }],
    ['a key of its own', { jwk: { kty: 'EC' } }],
    ['an address to fetch a key from', { jku: 'https://keys.example' }],
    ['a field nobody knows', { x: 1 }],
    ['a schedule without its kind', { s: { cron: '* * * * *', tz: 'UTC', nb: 0, na: 0, grace: 0 } }],
    ['no recipient', { to: [] }],
    ['a life of more than eight days', { exp: nowSeconds() + MAX_LIFE + 60 }],
  ] satisfies [string, object][]) {
    attack('header and recipient', `whose header has ${what}`, async () => {
      expect(await post(await signed({ ...header }))).toBe('envelope.malformed');
    });
  }

  attack('sender and signature', 'whose header names no signature or a shared secret', async () => {
    const [, payload, signature] = (await mine()).split('.');
    for (const alg of ['none', 'HS256']) {
      const header = JSON.parse(Buffer.from((await mine()).split('.')[0] ?? '', 'base64url').toString()) as object;
      const forged = toB64u(toBytes(JSON.stringify({ ...header, alg })));
      expect(await post(`${forged}.${payload}.${signature}`)).toBe('envelope.malformed');
    }
  });

  attack('sender and signature', 'of another sender', async () => {
    const others = await sealed(stranger.phone.identity, [pair.desktop.identity]);
    expect(await post(others)).toBe('envelope.sender');
  });

  attack('sender and signature', 'that its caller signed under the name of another device', async () => {
    const { device } = stranger.phone.identity;
    expect(await post(await sealed({ ...pair.phone.identity, device }, [pair.desktop.identity]))).toBe(
      'envelope.sender',
    );
  });

  attack('sender and signature', 'that was signed with another key, or altered after it was signed', async () => {
    const { device } = pair.phone.identity;
    const forger = await phoneIdentity();
    const forged = await sealed({ ...forger, device }, [pair.desktop.identity]);
    expect(await post(forged)).toBe('envelope.signature');
    const [header, , signature] = (await mine()).split('.');
    expect(await post(`${header}.${toB64u(toBytes('other'))}.${signature}`)).toBe('envelope.signature');
  });

  attack(
    'header and recipient',
    "to another account's device, to nobody, and to one of them among others",
    async () => {
      const nobody = await phoneIdentity();
      for (const to of [[stranger.desktop.identity], [nobody], [pair.desktop.identity, stranger.desktop.identity]]) {
        expect(await post(await sealed(pair.phone.identity, to))).toBe('envelope.recipient');
      }
    },
  );

  attack('header and recipient', 'of a kind that its sender does not send', async () => {
    expect(await post(await mine({ k: 'evt' }))).toBe('envelope.kind');
    for (const k of ['task', 'ctl'] as const) {
      const envelope = await sealed(pair.desktop.identity, [pair.phone.identity], { k });
      expect(await refusalOf(pair.desktop.relay.postEnvelope(envelope))).toBe('envelope.kind');
    }
  });

  attack('replay and time', 'that has expired', async () => {
    const now = nowSeconds();
    expect(await post(await mine({ iat: now - 20, exp: now - 10 }))).toBe('envelope.expired');
  });

  attack('replay and time', 'from the future, and says what time it is', async () => {
    const now = nowSeconds();
    const envelope = await mine({ iat: now + 400, exp: now + 500 });
    const error = await pair.phone.relay.postEnvelope(envelope).catch((refused: unknown) => refused);
    expect(error).toMatchObject({ code: 'clock.skew' });
    expect(Math.abs((error as { relayNow: number }).relayNow - now)).toBeLessThan(60);
  });

  attack('header and recipient', 'of 192 kB and a bit', async () => {
    expect(await post('x'.repeat(192 * 1024 + 1))).toBe('request.malformed');
    expect(await post('x'.repeat(200 * 1024))).toBe('request.too-large');
  });

  test('and keeps nothing of it', async () => {
    expect(await rows(stack.sql`select id from private.envelopes`)).toEqual([]);
    expect(await rows(stack.sql`select kid from private.deliveries`)).toEqual([]);
  });
});
