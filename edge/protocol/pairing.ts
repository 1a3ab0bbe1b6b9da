import * as z from 'zod/mini';
import { CompactSign, compactVerify } from 'jose';
import { concat, fromB64u, toB64u, toBytes, toText } from './bytes.ts';
import { deviceMatchesKeys, deviceSchema, importEncryptionKey, importSigningKey, type Device } from './device.ts';
import { idSchema } from './id.ts';
import type { Identity } from './identity.ts';
import { deriveFromCode, pairingId } from './pairing-code.ts';
import { hpkeSuite } from './seal.ts';
import { offerBodySchema, type Offer, type OfferBody } from './offer.ts';

/*
 * desktop: offer (authenticated with a key derived from the code) -> relay
 * phone:   fetches the offer, checks it: these are the keys of the screen in front of me
 *          claim = HPKE-PSK to the desktop of a JWS by the phone's key over the code's id and the phone's keys
 * desktop: opens the claim: whoever made it knew the code; both show six digits; one key press allows
 */

const INFO = toBytes('errand1 pair claim');
const ENC_BYTES = 65;

/** Seconds an offer lives; it is renewed while it is shown. */
export const OFFER_LIFE = 600;

export class PairingRefused extends Error {
  override readonly name = 'PairingRefused';
}

async function macKey(code: string): Promise<CryptoKey> {
  const raw = await deriveFromCode(code, toBytes('errand1 pair mac'), 32);
  return crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
}

/** The desktop's offer. `now` in Unix seconds. */
export async function makeOffer(code: string, desktop: Device, now: number): Promise<Offer> {
  const content: OfferBody = { v: 1, pid: await pairingId(code), device: desktop, exp: now + OFFER_LIFE };
  const body = toB64u(toBytes(JSON.stringify(content)));
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', await macKey(code), toBytes(body)));
  return { body, mac: toB64u(mac) };
}

/** The desktop an offer really comes from. Throws {@link PairingRefused} when the relay or anybody else changed it. */
export async function checkOffer(code: string, offer: Offer, now: number): Promise<Device> {
  const genuine = await crypto.subtle.verify('HMAC', await macKey(code), fromB64u(offer.mac), toBytes(offer.body));
  if (!genuine) throw new PairingRefused('The offer was not made by the desktop that shows this code.');
  const content = offerBodySchema.parse(JSON.parse(toText(fromB64u(offer.body))));
  if (content.exp <= now) throw new PairingRefused('The offer has expired. Show a new one at the desktop.');
  if (content.pid !== (await pairingId(code)) || !(await deviceMatchesKeys(content.device))) {
    throw new PairingRefused('The offer contradicts itself.');
  }
  return content.device;
}

const claimSchema = z.strictObject({ pid: idSchema, device: deviceSchema });

const pskOf = async (code: string): Promise<{ psk: Uint8Array; pskId: Uint8Array }> => ({
  psk: await deriveFromCode(code, toBytes('errand1 pair psk'), 32),
  pskId: toBytes(await pairingId(code)),
});

/** The phone's claim of an offer that was checked: only the desktop can open it, only a holder of the code can make it. */
export async function makeClaim(options: {
  code: string;
  offer: Offer;
  desktop: Device;
  phone: Identity;
}): Promise<string> {
  const { code, offer, desktop, phone } = options;
  const content = { pid: await pairingId(code), device: phone.device };
  const signed = await new CompactSign(toBytes(JSON.stringify(content)))
    .setProtectedHeader({ alg: 'ES256', typ: 'errand1-claim+jws' })
    .sign(phone.signing.privateKey);
  const sealed = await hpkeSuite.Seal(await importEncryptionKey(desktop.enc), toBytes(signed), {
    info: INFO,
    aad: toBytes(offer.body),
    ...(await pskOf(code)),
  });
  return toB64u(concat(sealed.encapsulatedSecret, sealed.ciphertext));
}

/** The phone that made a claim. Throws {@link PairingRefused}: made without the code, for another offer, or with others' keys. */
export async function openClaim(options: {
  code: string;
  offer: Offer;
  claim: string;
  desktop: Identity;
}): Promise<Device> {
  const { code, offer, claim, desktop } = options;
  try {
    const bytes = fromB64u(claim);
    const psk = await pskOf(code);
    const opened = await hpkeSuite.Open(desktop.encryption, bytes.subarray(0, ENC_BYTES), bytes.subarray(ENC_BYTES), {
      info: INFO,
      aad: toBytes(offer.body),
      ...psk,
    });
    return await readClaim(toText(opened), toText(psk.pskId));
  } catch (error) {
    throw error instanceof PairingRefused ? error : new PairingRefused('The claim was not made with this code.');
  }
}

async function readClaim(signed: string, pid: string): Promise<Device> {
  const unverified = claimSchema.parse(JSON.parse(toText(fromB64u(signed.split('.')[1] ?? ''))));
  const { payload } = await compactVerify(signed, await importSigningKey(unverified.device.sig), {
    algorithms: ['ES256'],
  });
  const { pid: claimed, device } = claimSchema.parse(JSON.parse(toText(payload)));
  if (claimed !== pid || device.kind !== 'phone' || !(await deviceMatchesKeys(device))) {
    throw new PairingRefused('The claim contradicts itself.');
  }
  // A point that is not on the curve would stop everything that is sealed to this phone and others.
  await importEncryptionKey(device.enc);
  return device;
}
