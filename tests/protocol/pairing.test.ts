import { beforeAll, expect, test } from 'bun:test';
import { CompactSign } from 'jose';
import { concat, fromB64u, toB64u, toBytes, toText } from '../../edge/protocol/bytes.ts';
import { importEncryptionKey, thumbprint, type Device } from '../../edge/protocol/device.ts';
import { newIdentity, type Identity } from '../../edge/protocol/identity.ts';
import { offerBodySchema, type Offer, type OfferBody } from '../../edge/protocol/offer.ts';
import {
  comparisonDigits,
  deriveFromCode,
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
import { hpkeSuite } from '../../edge/protocol/seal.ts';
import { attack } from '../support/evidence.ts';

const PAIRING = 'pairing';
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

attack(PAIRING, 'a relay that puts its own keys into the offer is found out', async () => {
  const swapped = await makeOffer(newPairingCode(), mallory.device, NOW);
  await expect(checkOffer(code, { body: swapped.body, mac: offer.mac }, NOW)).rejects.toThrow(PairingRefused);
  await expect(checkOffer(code, swapped, NOW)).rejects.toThrow(PairingRefused);
});

attack(PAIRING, 'an offer is over after ten minutes', async () => {
  await expect(checkOffer(code, offer, NOW + OFFER_LIFE)).rejects.toThrow('expired');
});

/** An offer of whoever knows the code, with any content. */
async function offerWith(change: (content: OfferBody) => OfferBody): Promise<Offer> {
  const body = toB64u(toBytes(JSON.stringify(change(offerBodySchema.parse(JSON.parse(toText(fromB64u(offer.body))))))));
  const raw = await deriveFromCode(code, toBytes('errand1 pair mac'), 32);
  const key = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return { body, mac: toB64u(new Uint8Array(await crypto.subtle.sign('HMAC', key, toBytes(body)))) };
}

attack(PAIRING, 'an offer found under another id than its own is refused', async () => {
  const other = await pairingId(newPairingCode());
  await expect(checkOffer(code, await offerWith((content) => ({ ...content, pid: other })), NOW)).rejects.toThrow(
    PairingRefused,
  );
});

attack(PAIRING, 'an offer whose ids are not those of its keys is refused', async () => {
  for (const swap of [{ enc: mallory.device.enc }, { sig: mallory.device.sig }, { kid: mallory.device.kid }]) {
    const swapped = await offerWith((content) => ({ ...content, device: { ...content.device, ...swap } }));
    await expect(checkOffer(code, swapped, NOW)).rejects.toThrow(PairingRefused);
  }
});

attack(PAIRING, 'a claim made with another code does not open', async () => {
  const claim = await makeClaim({ code: newPairingCode(), offer, desktop: desktop.device, phone });
  await expect(openClaim({ code, offer, claim, desktop })).rejects.toThrow(PairingRefused);
});

/** A claim of whoever saw all that the relay sees, and not the code. */
async function claimWithoutCode(psk: { psk?: Uint8Array; pskId?: Uint8Array }): Promise<string> {
  const content = { pid: await pairingId(code), device: phone.device };
  const signed = await new CompactSign(toBytes(JSON.stringify(content)))
    .setProtectedHeader({ alg: 'ES256', typ: 'errand1-claim+jws' })
    .sign(phone.signing.privateKey);
  const { encapsulatedSecret, ciphertext } = await hpkeSuite.Seal(
    await importEncryptionKey(desktop.device.enc),
    toBytes(signed),
    { info: toBytes('errand1 pair claim'), aad: toBytes(offer.body), ...psk },
  );
  return toB64u(concat(encapsulatedSecret, ciphertext));
}

attack(PAIRING, 'a claim made without the code does not open, by whoever knows all that the relay knows', async () => {
  const pskId = toBytes(await pairingId(code));
  for (const psk of [{}, { psk: crypto.getRandomValues(new Uint8Array(32)), pskId }]) {
    const claim = await claimWithoutCode(psk);
    await expect(openClaim({ code, offer, claim, desktop })).rejects.toThrow(PairingRefused);
  }
});

attack(PAIRING, 'a claim of another offer does not open', async () => {
  const claim = await makeClaim({ code, offer, desktop: desktop.device, phone });
  const renewed = await makeOffer(code, desktop.device, NOW + 1);
  await expect(openClaim({ code, offer: renewed, claim, desktop })).rejects.toThrow(PairingRefused);
});

attack(PAIRING, 'a claim sealed to another desktop does not open', async () => {
  const claim = await makeClaim({ code, offer, desktop: desktop.device, phone });
  await expect(openClaim({ code, offer, claim, desktop: mallory })).rejects.toThrow(PairingRefused);
});

/** What a claim names is the phone's word: it must hold the keys. */
const claimAs = (device: Device, by = phone): Promise<string> =>
  makeClaim({ code, offer, desktop: desktop.device, phone: { ...by, device } });
const refusedClaim = async (claim: string): Promise<void> => {
  await expect(openClaim({ code, offer, claim, desktop })).rejects.toThrow(PairingRefused);
};

attack(PAIRING, 'a claim that names another device is refused: it is not signed with its key', async () => {
  const victim = await newIdentity({ kind: 'phone', name: 'Victim', extractable: false });
  await refusedClaim(await claimAs(victim.device));
});

attack(PAIRING, "a claim with another device's encryption key under its own id is refused", async () => {
  await refusedClaim(await claimAs({ ...phone.device, enc: mallory.device.enc }));
});

attack(PAIRING, 'a claim of a desktop is refused: only phones command', async () => {
  await refusedClaim(await claimAs(mallory.device, mallory));
});

attack(PAIRING, 'a claim that was signed for another pairing is refused', async () => {
  const signedFor = await makeClaim({ code: newPairingCode(), offer, desktop: desktop.device, phone });
  await refusedClaim(signedFor);
  const content = { pid: await pairingId(newPairingCode()), device: phone.device };
  const signed = await new CompactSign(toBytes(JSON.stringify(content)))
    .setProtectedHeader({ alg: 'ES256', typ: 'errand1-claim+jws' })
    .sign(phone.signing.privateKey);
  const { encapsulatedSecret, ciphertext } = await hpkeSuite.Seal(
    await importEncryptionKey(desktop.device.enc),
    toBytes(signed),
    {
      info: toBytes('errand1 pair claim'),
      aad: toBytes(offer.body),
      psk: await deriveFromCode(code, toBytes('errand1 pair psk'), 32),
      pskId: toBytes(await pairingId(code)),
    },
  );
  await refusedClaim(toB64u(concat(encapsulatedSecret, ciphertext)));
});

attack(PAIRING, 'a phone whose key nothing can be sealed to is refused', async () => {
  const enc = { ...phone.device.enc, x: 'A'.repeat(43), y: 'A'.repeat(43) };
  await refusedClaim(await claimAs({ ...phone.device, enc, ek: await thumbprint(enc) }));
});

attack(PAIRING, 'another claim, or another offer under the same claim, shows other digits', async () => {
  const claim = await makeClaim({ code, offer, desktop: desktop.device, phone });
  const other = await makeClaim({ code, offer, desktop: desktop.device, phone });
  const renewed = await makeOffer(code, desktop.device, NOW + 1);
  const digits = await comparisonDigits(code, offer.body, claim);
  expect(await comparisonDigits(code, offer.body, other)).not.toBe(digits);
  expect(await comparisonDigits(code, renewed.body, claim)).not.toBe(digits);
});

test('both screens show the same six digits', async () => {
  const claim = await makeClaim({ code, offer, desktop: desktop.device, phone });
  expect(await comparisonDigits(code, offer.body, claim)).toMatch(/^\d{3} \d{3}$/);
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
