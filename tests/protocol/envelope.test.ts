import { beforeAll, expect, test } from 'bun:test';
import { parseEnvelope, timeFault } from '../../edge/protocol/envelope.ts';
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

test('a sender ahead by five minutes is within the clock, by more is not', () => {
  const header = { iat: NOW, exp: NOW + 3600 } as Parameters<typeof timeFault>[0];
  expect(timeFault(header, NOW - 300)).toBeUndefined();
  expect(timeFault(header, NOW - 301)).toBe('clock.skew');
  expect(timeFault(header, NOW + 3599)).toBeUndefined();
  expect(timeFault(header, NOW + 3600)).toBe('envelope.expired');
});
