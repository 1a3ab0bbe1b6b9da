import { beforeAll, expect, test } from 'bun:test';
import { CompactSign, SignJWT } from 'jose';
import { toB64u, toBytes } from '../../edge/protocol/bytes.ts';
import { MAX_LIFE, MalformedEnvelope, parseEnvelope, timeFault, verifyEnvelope } from '../../edge/protocol/envelope.ts';
import { newId } from '../../edge/protocol/id.ts';
import { newIdentity, type Identity } from '../../edge/protocol/identity.ts';
import {
  BodyTooLarge,
  CannotOpen,
  MAX_BODY_BYTES,
  openEnvelope,
  sealEnvelope,
  type HeaderChoice,
} from '../../edge/protocol/seal.ts';

const NOW = 1_800_000_000;
let phone: Identity;
let desktop: Identity;
let tablet: Identity;

beforeAll(async () => {
  phone = await newIdentity({ kind: 'phone', name: 'Pixel', extractable: false });
  desktop = await newIdentity({ kind: 'desktop', name: 'Studio', extractable: true });
  tablet = await newIdentity({ kind: 'phone', name: 'Tablet', extractable: false });
});

const choose = (more: Partial<HeaderChoice> = {}): HeaderChoice => ({
  k: 'evt',
  id: newId(),
  n: 1,
  iat: NOW,
  exp: NOW + 60,
  ...more,
});
const seal = (json: string, to: Identity[], header = choose()): Promise<string> =>
  sealEnvelope({ identity: phone, recipients: to.map(({ device }) => device), header, json });
const openAs = (compact: string, who: Identity): Promise<string> =>
  openEnvelope(parseEnvelope(compact), who.device.kid, [{ ek: who.device.ek, pair: who.encryption }]);

/** The same envelope with its header replaced, unsigned by anybody who matters. */
function withHeader(compact: string, change: (header: Record<string, unknown>) => unknown): string {
  const [head = '', payload, signature] = compact.split('.');
  const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, unknown>;
  return [toB64u(toBytes(JSON.stringify(change(header)))), payload, signature].join('.');
}

test('what is sealed for one device is read by that device and by no other', async () => {
  const compact = await seal('{"a":"é"}', [desktop]);
  expect(await openAs(compact, desktop)).toBe('{"a":"é"}');
  await expect(openAs(compact, tablet)).rejects.toThrow(CannotOpen);
});

test('what is sealed for several devices is read by each of them', async () => {
  const compact = await seal('{"a":1}', [desktop, tablet]);
  expect(await openAs(compact, desktop)).toBe('{"a":1}');
  expect(await openAs(compact, tablet)).toBe('{"a":1}');
});

test('a length shows only its step of padding', async () => {
  const short = await seal('{}', [desktop]);
  const longer = await seal(JSON.stringify({ a: 'x'.repeat(200) }), [desktop]);
  expect(parseEnvelope(short).payload.length).toBe(parseEnvelope(longer).payload.length);
});

test('the largest body fits into an envelope, one byte more is refused', async () => {
  const fits = JSON.stringify('x'.repeat(MAX_BODY_BYTES - 2));
  expect(await openAs(await seal(fits, [desktop, tablet]), tablet)).toBe(fits);
  await expect(seal(`${fits} `, [desktop])).rejects.toThrow(BodyTooLarge);
});

test('a payload moved under another header of the same sender does not open', async () => {
  const first = await seal('{"a":1}', [desktop]);
  const second = await seal('{"a":2}', [desktop]);
  const [head, , signature] = first.split('.');
  const swapped = [head, second.split('.')[1], signature].join('.');
  expect(await verifyEnvelope(parseEnvelope(swapped), phone.device.sig)).toBe(false);
  await expect(openAs(swapped, desktop)).rejects.toThrow(CannotOpen);
});

test('a header that was changed, added to or shortened no longer verifies', async () => {
  const compact = await seal('{}', [desktop], choose({ c: 'seen' }));
  const changes: ((header: Record<string, unknown>) => unknown)[] = [
    (header) => ({ ...header, exp: NOW + 61 }),
    (header) => ({ ...header, u: true }),
    ({ c: _dropped, ...header }) => header,
  ];
  for (const change of changes) {
    expect(await verifyEnvelope(parseEnvelope(withHeader(compact, change)), phone.device.sig)).toBe(false);
  }
  expect(await verifyEnvelope(parseEnvelope(compact), phone.device.sig)).toBe(true);
});

test('a header with a field of its own, or in another spelling, is malformed', async () => {
  const compact = await seal('{}', [desktop]);
  const bad: ((header: Record<string, unknown>) => unknown)[] = [
    (header) => ({ ...header, jwk: phone.device.sig }),
    (header) => ({ ...header, crit: ['b64'], b64: false }),
    (header) => ({ ...header, alg: 'none' }),
    (header) => ({ ...header, alg: 'HS256' }),
    (header) => ({ ...header, typ: 'errand2+jws' }),
    (header) => ({ ...header, to: [] }),
    (header) => ({ ...header, exp: NOW + MAX_LIFE + 1 }),
    (header) => ({ ...header, s: { cron: '* * * * *', tz: 'UTC', nb: 0, na: 1, grace: 0 } }),
  ];
  for (const change of bad) expect(() => parseEnvelope(withHeader(compact, change))).toThrow(MalformedEnvelope);
  const [head = '', ...rest] = compact.split('.');
  const spaced = toB64u(toBytes(Buffer.from(head, 'base64url').toString().replace('{', '{ ')));
  expect(() => parseEnvelope([spaced, ...rest].join('.'))).toThrow(MalformedEnvelope);
  expect(() => parseEnvelope(`${compact}=`)).toThrow(MalformedEnvelope);
  expect(() => parseEnvelope(`${compact}.x`)).toThrow(MalformedEnvelope);
});

test('an envelope signed by another device, or with a shared secret, does not verify', async () => {
  const compact = await seal('{}', [desktop]);
  const { header, payload } = parseEnvelope(compact);
  const resigned = await new CompactSign(payload).setProtectedHeader(header).sign(tablet.signing.privateKey);
  expect(await verifyEnvelope(parseEnvelope(resigned), phone.device.sig)).toBe(false);
  const hmac = await new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .sign(toBytes(JSON.stringify(phone.device.sig)));
  expect(() => parseEnvelope(hmac)).toThrow(MalformedEnvelope);
});

test('a sender ahead by five minutes is within the clock, by more is not', () => {
  const header = { iat: NOW, exp: NOW + 3600 } as Parameters<typeof timeFault>[0];
  expect(timeFault(header, NOW - 300)).toBeUndefined();
  expect(timeFault(header, NOW - 301)).toBe('clock.skew');
  expect(timeFault(header, NOW + 3599)).toBeUndefined();
  expect(timeFault(header, NOW + 3600)).toBe('envelope.expired');
});
