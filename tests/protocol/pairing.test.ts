import { beforeAll, expect, test } from 'bun:test';
import { thumbprint } from '../../edge/protocol/device.ts';
import { newIdentity, type Identity } from '../../edge/protocol/identity.ts';
import type { Offer } from '../../edge/protocol/offer.ts';
import {
  comparisonDigits,
  newPairingCode,
  pairingId,
  readPairingCode,
  readPairingLink,
  showPairingCode,
  writePairingLink,
} from '../../edge/protocol/pairing-code.ts';
import {
  OFFER_LIFE,
  PairingRefused,
  checkOffer,
  makeClaim,
  makeOffer,
  openClaim,
} from '../../edge/protocol/pairing.ts';

const NOW = 1_800_000_000;
const code = newPairingCode();
let phone: Identity;
let desktop: Identity;
let mallory: Identity;
let offer: Offer;

beforeAll(async () => {
  phone = await newIdentity({ kind: 'phone', name: 'Pixel 8', extractable: false });
  desktop = await newIdentity({ kind: 'desktop', name: 'Studio', extractable: true });
  mallory = await newIdentity({ kind: 'desktop', name: 'Studio', extractable: true });
  offer = await makeOffer(code, desktop.device, NOW);
});

test('a phone that knows the code learns the keys of the screen in front of it, and the desktop those of the phone', async () => {
  const found = await checkOffer(code, offer, NOW);
  expect(found).toEqual(desktop.device);
  const claim = await makeClaim({ code, offer, desktop: found, phone });
  expect(await openClaim({ code, offer, claim, desktop })).toEqual(phone.device);
});

test('a relay that puts its own keys into the offer is found out', async () => {
  const swapped = await makeOffer(newPairingCode(), mallory.device, NOW);
  await expect(checkOffer(code, { body: swapped.body, mac: offer.mac }, NOW)).rejects.toThrow(PairingRefused);
  await expect(checkOffer(code, swapped, NOW)).rejects.toThrow(PairingRefused);
});

test('an offer is over after ten minutes', async () => {
  await expect(checkOffer(code, offer, NOW + OFFER_LIFE)).rejects.toThrow('expired');
});

test('a claim made without the code, for another offer, or for another desktop does not open', async () => {
  const wrongCode = await makeClaim({ code: newPairingCode(), offer, desktop: desktop.device, phone });
  await expect(openClaim({ code, offer, claim: wrongCode, desktop })).rejects.toThrow(PairingRefused);
  const claim = await makeClaim({ code, offer, desktop: desktop.device, phone });
  const renewed = await makeOffer(code, desktop.device, NOW + 1);
  await expect(openClaim({ code, offer: renewed, claim, desktop })).rejects.toThrow(PairingRefused);
  await expect(openClaim({ code, offer, claim, desktop: mallory })).rejects.toThrow(PairingRefused);
});

test('a claim that names keys its maker does not hold is refused', async () => {
  const borrowed = { ...phone, device: { ...phone.device, enc: mallory.device.enc } };
  const claim = await makeClaim({ code, offer, desktop: desktop.device, phone: borrowed });
  await expect(openClaim({ code, offer, claim, desktop })).rejects.toThrow(PairingRefused);
});

test('a phone whose key nothing can be sealed to is refused', async () => {
  const enc = { ...phone.device.enc, x: 'A'.repeat(43), y: 'A'.repeat(43) };
  const broken = { ...phone, device: { ...phone.device, enc, ek: await thumbprint(enc) } };
  const claim = await makeClaim({ code, offer, desktop: desktop.device, phone: broken });
  await expect(openClaim({ code, offer, claim, desktop })).rejects.toThrow(PairingRefused);
});

test('both screens show the same six digits, and other ones for any other claim', async () => {
  const claim = await makeClaim({ code, offer, desktop: desktop.device, phone });
  const other = await makeClaim({ code, offer, desktop: desktop.device, phone });
  const digits = await comparisonDigits(code, offer.body, claim);
  expect(digits).toMatch(/^\d{3} \d{3}$/);
  expect(await comparisonDigits(code, offer.body, other)).not.toBe(digits);
});

test('a code survives being typed in small letters, in groups, with look-alikes', () => {
  expect(readPairingCode(showPairingCode(code).toLowerCase())).toBe(code);
  expect(readPairingCode('oil0 1111 2222 3333 4444')).toBe('01101111222233334444');
  expect(readPairingCode('too short')).toBeUndefined();
  expect(readPairingCode('UUUU UUUU UUUU UUUU UUUU')).toBeUndefined();
});

test('a link carries the code, and the relay when it is another machine, behind the fragment sign', async () => {
  expect(readPairingLink(new URL(writePairingLink('https://a.example/', { code })).hash)).toEqual({ code });
  const relay = { url: 'https://relay.example/functions/v1/relay', publishableKey: 'sb_publishable_x' };
  const link = new URL(writePairingLink('https://a.example', { code, relay }));
  expect(link.pathname).toBe('/pair');
  expect(readPairingLink(link.hash)).toEqual({ code, relay });
  expect(readPairingLink('#nonsense')).toBeUndefined();
  expect(await pairingId(code)).toMatch(/^[\w-]{22}$/);
});
