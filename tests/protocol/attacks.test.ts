import { beforeAll, expect } from 'bun:test';
import { SignJWT } from 'jose';
import { concat, fromB64u, toB64u, toBytes } from '../../edge/protocol/bytes.ts';
import {
  MAX_ENVELOPE_BYTES,
  MAX_LIFE,
  MAX_RECIPIENTS,
  MalformedEnvelope,
  parseEnvelope,
  timeFault,
  verifyEnvelope,
  type Header,
} from '../../edge/protocol/envelope.ts';
import { importEncryptionKey } from '../../edge/protocol/device.ts';
import { newId } from '../../edge/protocol/id.ts';
import { newIdentity, type Identity } from '../../edge/protocol/identity.ts';
import { CannotOpen, hpkeSuite, openEnvelope, sealEnvelope, type HeaderChoice } from '../../edge/protocol/seal.ts';
import { attack } from '../support/evidence.ts';
import { partsOf, signedBy, withHeader, withHeaderText } from '../support/forge.ts';

const NOW = 1_800_000_000;
const SIGNATURE = 'sender and signature';
const HEADER = 'header and recipient';
const TIME = 'replay and time';
let phone: Identity;
let desktop: Identity;
let tablet: Identity;
let genuine: string;

beforeAll(async () => {
  phone = await newIdentity({ kind: 'phone', name: 'Pixel', extractable: false });
  desktop = await newIdentity({ kind: 'desktop', name: 'Studio', extractable: true });
  tablet = await newIdentity({ kind: 'phone', name: 'Tablet', extractable: false });
  genuine = await seal('{"a":1}', [desktop]);
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
const fromPhone = (compact: string): Promise<boolean> => verifyEnvelope(parseEnvelope(compact), phone.device.sig);
const expectMalformed = (compact: string): void => expect(() => parseEnvelope(compact)).toThrow(MalformedEnvelope);

attack(SIGNATURE, 'an envelope signed with the key of another phone does not verify', async () => {
  expect(await fromPhone(await signedBy(genuine, tablet))).toBe(false);
  expect(await fromPhone(genuine)).toBe(true);
});

attack(SIGNATURE, 'a signature stripped, cut short or taken from another envelope does not pass', async () => {
  const [head, payload, signature] = partsOf(genuine);
  const [, , other] = partsOf(await seal('{"a":1}', [desktop]));
  expectMalformed(`${head}.${payload}`);
  expectMalformed(`${head}.${payload}.`);
  expectMalformed(`${head}.${payload}.${toB64u(fromB64u(signature).slice(0, 63))}`);
  expect(await fromPhone(`${head}.${payload}.${other}`)).toBe(false);
});

for (const alg of ['none', 'HS256', 'RS256', 'ES384']) {
  attack(SIGNATURE, `a header that names the algorithm ${alg} is malformed`, () =>
    expectMalformed(withHeader(genuine, (header) => ({ ...header, alg }))),
  );
}

attack(SIGNATURE, "a token made with the sender's public key as a shared secret is malformed", async () => {
  const secret = toBytes(JSON.stringify(phone.device.sig));
  expectMalformed(await new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).sign(secret));
});

for (const [what, field] of [
  ['a key of its own (jwk)', { jwk: { kty: 'EC' } }],
  ['an address to fetch a key from (jku)', { jku: 'https://keys.example' }],
  ['a certificate (x5c)', { x5c: ['MIIB'] }],
  ['extensions to understand (crit)', { crit: ['b64'], b64: false }],
] satisfies [string, object][]) {
  attack(SIGNATURE, `a header that brings ${what} is malformed`, () =>
    expectMalformed(withHeader(genuine, (header) => ({ ...header, ...field }))),
  );
}

attack(HEADER, 'a header that was changed, added to or shortened no longer verifies', async () => {
  const compact = await seal('{}', [desktop], choose({ c: 'seen' }));
  const changes: ((header: Record<string, unknown>) => unknown)[] = [
    (header) => ({ ...header, exp: NOW + 61 }),
    (header) => ({ ...header, u: true }),
    (header) => ({ ...header, id: newId() }),
    ({ c: _dropped, ...header }) => header,
  ];
  for (const change of changes) expect(await fromPhone(withHeader(compact, change))).toBe(false);
});

attack(HEADER, 'a payload moved under another header of the same sender does not open', async () => {
  const [head, , signature] = partsOf(genuine);
  const [, payload] = partsOf(await seal('{"a":2}', [desktop]));
  const swapped = [head, payload, signature].join('.');
  expect(await fromPhone(swapped)).toBe(false);
  await expect(openAs(swapped, desktop)).rejects.toThrow(CannotOpen);
});

attack(HEADER, 'a payload for several moved under another header of the same sender does not open', async () => {
  const [head, , signature] = partsOf(await seal('{"a":1}', [desktop, tablet]));
  const [, payload] = partsOf(await seal('{"a":2}', [desktop, tablet]));
  await expect(openAs([head, payload, signature].join('.'), tablet)).rejects.toThrow(CannotOpen);
});

attack(HEADER, 'a payload that counts other recipients than its header does not open', async () => {
  const [head, payload, signature] = partsOf(genuine);
  const bytes = fromB64u(payload);
  bytes[0] = 2;
  await expect(openAs([head, toB64u(bytes), signature].join('.'), desktop)).rejects.toThrow(CannotOpen);
});

attack(HEADER, 'an envelope sealed to one device is not read by another', async () => {
  await expect(openAs(genuine, tablet)).rejects.toThrow(CannotOpen);
});

attack(HEADER, 'an envelope that names another encryption key than it was sealed to does not open', async () => {
  const { kid, enc } = desktop.device;
  const recipients = [{ kid, ek: tablet.device.ek, enc }];
  const compact = await sealEnvelope({ identity: phone, recipients, header: choose(), json: '{}' });
  await expect(openAs(compact, desktop)).rejects.toThrow(CannotOpen);
});

attack(HEADER, 'a plaintext that claims to be longer than it is does not open', async () => {
  const plain = concat(Uint8Array.of(0, 0, 1, 0), toBytes('{"a":1}'), new Uint8Array(245));
  const [head, , signature] = partsOf(genuine);
  const key = await importEncryptionKey(desktop.device.enc);
  const options = { aad: toBytes(head), info: toBytes('errand1 envelope') };
  const { encapsulatedSecret, ciphertext } = await hpkeSuite.Seal(key, plain, options);
  const payload = toB64u(concat(Uint8Array.of(1), encapsulatedSecret, ciphertext));
  await expect(openAs([head, payload, signature].join('.'), desktop)).rejects.toThrow(CannotOpen);
});

const twice = (header: Record<string, unknown>): unknown => {
  const [to] = header['to'] as unknown[];
  return { ...header, to: [to, to] };
};
const often = (header: Record<string, unknown>): unknown => ({
  ...header,
  to: Array.from({ length: MAX_RECIPIENTS + 1 }, (_, i) => ({ kid: `${i}`.repeat(43), ek: 'e'.repeat(43) })),
});
for (const [what, change] of [
  ['a field nobody knows', (header) => ({ ...header, x: 1 })],
  [
    'a field nobody knows beside a recipient',
    (header) => ({ ...header, to: (header['to'] as object[]).map((to) => ({ ...to, x: 1 })) }),
  ],
  ['another type', (header) => ({ ...header, typ: 'errand2+jws' })],
  ['a kind nobody knows', (header) => ({ ...header, k: 'root' })],
  ['no recipient', (header) => ({ ...header, to: [] })],
  ['nine recipients', often],
  ['a recipient twice', twice],
  ['an id of another form', (header) => ({ ...header, id: 'short' })],
  ['a sender of another form', (header) => ({ ...header, kid: 'short' })],
  ['a rule without being a schedule', (header) => ({ ...header, s: { cron: '*', tz: 'UTC', nb: 0, na: 1, grace: 0 } })],
  ['no rule although it is a schedule', (header) => ({ ...header, k: 'sched' })],
  ['a collapse key although it is a task', (header) => ({ ...header, k: 'task', c: 'seen' })],
] satisfies [string, (header: Record<string, unknown>) => unknown][]) {
  attack(HEADER, `a header with ${what} is malformed`, () => expectMalformed(withHeader(genuine, change)));
}

attack(HEADER, 'a header in another spelling of the same JSON is malformed', () => {
  expectMalformed(withHeaderText(genuine, (text) => text.replace('{', '{ ')));
  expectMalformed(withHeaderText(genuine, (text) => text.replace('{', '{"k":"ctl",')));
});

attack(HEADER, 'the same bytes in another spelling of base64url are malformed', () => {
  const [head, payload, signature] = partsOf(genuine);
  const last = signature.at(-1) ?? '';
  const twin = String.fromCharCode(last.charCodeAt(0) + 1);
  expectMalformed(`${head}.${payload}.${signature.slice(0, -1)}${twin}`);
  expectMalformed(`${genuine}=`);
});

attack(HEADER, 'a fourth part is malformed', () => expectMalformed(`${genuine}.e30`));

attack(HEADER, 'an envelope of more than 192 kB is malformed', () => {
  const [head, payload, signature] = partsOf(genuine);
  const room = MAX_ENVELOPE_BYTES - genuine.length;
  const grown = (by: number): string => `${head}.${payload}${'A'.repeat(by - (by % 4))}.${signature}`;
  expect(grown(room).length).toBeGreaterThan(MAX_ENVELOPE_BYTES - 4);
  parseEnvelope(grown(room - 4));
  expectMalformed(grown(room + 8));
});

attack(TIME, 'an envelope that lives longer than eight days, or ends before it begins, is malformed', () => {
  for (const exp of [NOW + MAX_LIFE + 1, NOW, NOW - 1]) {
    expectMalformed(withHeader(genuine, (header) => ({ ...header, exp })));
  }
});

const times = { iat: NOW, exp: NOW + 3600 } as Header;

attack(TIME, 'an envelope from more than five minutes ahead is from the future', () => {
  expect(timeFault(times, NOW - 301)).toBe('clock.skew');
});

attack(TIME, 'an envelope whose time is over has expired', () => {
  expect(timeFault(times, NOW + 3600)).toBe('envelope.expired');
});
