import { beforeAll, expect, test } from 'bun:test';
import { thawAction, freezeAction } from '../../edge/protocol/ask.ts';
import { fromB64u, toB64u, toBytes } from '../../edge/protocol/bytes.ts';
import { importSigningKey, thumbprint } from '../../edge/protocol/device.ts';
import { parseEnvelope } from '../../edge/protocol/envelope.ts';
import { eventHash } from '../../edge/protocol/event.ts';
import type { Identity } from '../../edge/protocol/identity.ts';
import { comparisonDigits, deriveFromCode, pairingId } from '../../edge/protocol/pairing-code.ts';
import { makeOffer } from '../../edge/protocol/pairing.ts';
import { hpkeSuite, MAX_BODY_BYTES, openEnvelope, sealEnvelope } from '../../edge/protocol/seal.ts';
import { partsOf } from '../support/forge.ts';
import { storedIdentities } from '../support/stored-keys.ts';
import envelopes from './stored/v1/envelopes.json';

/* Exact bytes: an upgrade of a library or a runtime that changes one of them is seen here. */

const CODE = 'K7QM0123456789ABCDEF';
let phone: Identity;
let desktop: Identity;

beforeAll(async () => {
  ({ phone, desktop } = await storedIdentities());
});

const seal = (json: string): Promise<string> =>
  sealEnvelope({
    identity: phone,
    recipients: [desktop.device],
    header: { k: 'task', id: 'A'.repeat(22), n: 7, iat: 1_795_000_000, exp: 1_795_003_600, u: true },
    json,
  });
const text = (compact: string): string => Buffer.from(partsOf(compact)[0], 'base64url').toString();

test('a key is named by the SHA-256 of its members in the order of RFC 7638', async () => {
  const { crv, kty, x, y } = phone.device.sig;
  const plain = `{"crv":"${crv}","kty":"${kty}","x":"${x}","y":"${y}"}`;
  const digest = new Bun.CryptoHasher('sha256').update(plain).digest('base64url');
  expect(await thumbprint(phone.device.sig)).toBe(digest);
  expect(phone.device.kid).toBe('nEoP5yLgbRCbJj--1FIV8YFHayVa5fUe4hxbOny1Grc');
});

test('a header is this text, in this order', async () => {
  expect(text(await seal('{}'))).toBe(
    `{"alg":"ES256","typ":"errand1+jws","kid":"${phone.device.kid}","to":[{"kid":"${desktop.device.kid}","ek":"${desktop.device.ek}"}],` +
      '"k":"task","id":"AAAAAAAAAAAAAAAAAAAAAA","n":7,"iat":1795000000,"exp":1795003600,"u":true}',
  );
});

test('what is signed is the header and the payload as they are sent, by ECDSA over P-256 with SHA-256', async () => {
  const [head, payload, signature] = partsOf(await seal('{}'));
  const key = await importSigningKey(phone.device.sig);
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  const verify = (signed: string) => crypto.subtle.verify(algorithm, key, fromB64u(signature), toBytes(signed));
  expect(await verify(`${head}.${payload}`)).toBe(true);
  expect(await verify(`${head}.${payload}A`)).toBe(false);
});

test('a payload is 0x01, the encapsulated key and the ciphertext, bound to the header as sent', async () => {
  const [head, payload] = partsOf(envelopes[0]?.envelope ?? '');
  const bytes = fromB64u(payload);
  expect(bytes[0]).toBe(1);
  expect(bytes[1]).toBe(4);
  const plain = await hpkeSuite.Open(desktop.encryption, bytes.subarray(1, 66), bytes.subarray(66), {
    info: toBytes('errand1 envelope'),
    aad: toBytes(head),
  });
  const length = new DataView(plain.buffer, plain.byteOffset).getUint32(0);
  const json = new TextDecoder().decode(plain.subarray(4, 4 + length));
  expect(JSON.parse(json)).toEqual(envelopes[0]?.body as never);
  expect(plain.subarray(4 + length).every((byte) => byte === 0)).toBe(true);
  expect(plain.length).toBe(1024);
});

test('the suite is DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM', () => {
  expect([hpkeSuite.KEM.id, hpkeSuite.KDF.id, hpkeSuite.AEAD.id]).toEqual([0x0010, 0x0001, 0x0002]);
});

test('plaintexts are padded to these sizes', async () => {
  const sizes: number[] = [];
  for (const length of [0, 252, 253, 1020, 1021, 4092, 4093, 16_380, 16_381, 65_532, 65_533, MAX_BODY_BYTES]) {
    const { payload } = parseEnvelope(await seal('x'.repeat(length)));
    sizes.push(payload.length - 1 - 65 - 16);
  }
  expect(sizes).toEqual([256, 256, 1024, 1024, 4096, 4096, 16_384, 16_384, 65_536, 65_536, 131_072, 131_072]);
});

test('a payload for several is a count, a key each, an iv and one ciphertext', async () => {
  const several = envelopes.find(({ to }) => to.length === 2);
  const parsed = parseEnvelope(several?.envelope ?? '');
  expect(parsed.payload[0]).toBe(2);
  expect(parsed.payload.length).toBe(1 + 2 * (65 + 48) + 12 + 1024 + 16);
  expect(
    JSON.parse(await openEnvelope(parsed, phone.device.kid, [{ ek: phone.device.ek, pair: phone.encryption }])),
  ).toEqual(several?.body as never);
});

test('a pairing code gives these keys', async () => {
  expect(await pairingId(CODE)).toBe('L3GjQHRjNJEtZKwuC34zVg');
  expect(toB64u(await deriveFromCode(CODE, toBytes('errand1 pair mac'), 32))).toBe(
    '6HLuqV-AV_EplS0aY5eSYyDc00Ik6CS9Yr8DnGTpJGc',
  );
  expect(toB64u(await deriveFromCode(CODE, toBytes('errand1 pair psk'), 32))).toBe(
    '_x0w4-9mdfH8XhNBtvLbBIIxoVjk7I_1_CLEJ0uKmIc',
  );
});

test('an offer is these bytes', async () => {
  const { body, mac } = await makeOffer(CODE, desktop.device, 1_795_000_000);
  expect(Buffer.from(body, 'base64url').toString()).toBe(
    `{"v":1,"pid":"L3GjQHRjNJEtZKwuC34zVg","device":${JSON.stringify(desktop.device)},"exp":1795000600}`,
  );
  expect(mac).toBe('Yt87dUbxLPYZdS6uQkJL_f6XDJOUZN2afrZTJ2MNQcs');
});

test('an offer and a claim show these digits', async () => {
  expect(await comparisonDigits(CODE, 'b2ZmZXI', 'Y2xhaW0')).toBe('332 355');
});

test('an action is these bytes with this digest', async () => {
  const bytes =
    'eyJ2IjoxLCJ0IjoiQUFBQUFBQUFBQUFBQUFBQUFBQUExQSIsIm4iOjMsImFjdCI6eyJzaW5rIjoid3JpdGUiLCJwYXRoIjoiL2hvbWUvYS9SZXBvcnRzL3N1bW1hcnkuZG9jeCIsImJlZm9yZSI6bnVsbCwiYWZ0ZXIiOnsic2hhMjU2IjoiQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQSIsInNpemUiOjEwfX19';
  const digest = 'b60inzDUHY71LtwjkO-GLpsT_2n_1sQONgLYTJeZ3pc';
  const thawed = await thawAction(bytes);
  expect(thawed.digest).toBe(digest);
  expect(await freezeAction(thawed.action)).toEqual({ bytes, digest });
});

test('an event is named by the SHA-256 of its JSON as sealed', async () => {
  expect(await eventHash('{"kind":"event"}')).toBe('nSh0nLZgrFjO3F2kaW11B61urFf_tmyzsSIS3TkhbQw');
});
