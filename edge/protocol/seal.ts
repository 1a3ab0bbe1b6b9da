import { CompactSign } from 'jose';
import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_P256_HKDF_SHA256 } from 'hpke';
import { concat, toB64u, toBytes, toText } from './bytes.ts';
import { importEncryptionKey, type PublicKey } from './device.ts';
import { headerSchema, type Envelope, type Header } from './envelope.ts';
import type { Identity } from './identity.ts';

/** HPKE base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM (RFC 9180). */
export const hpkeSuite = new CipherSuite(KEM_DHKEM_P256_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_256_GCM);

const INFO = toBytes('errand1 envelope');
const ENC_BYTES = 65;
const WRAP_BYTES = 48;
const IV_BYTES = 12;
/** Plaintexts are padded to one of these sizes, so that the relay learns little from a length. */
const PAD_SIZES = [256, 1024, 4096, 16_384, 65_536, 131_072];
/** Bytes of the longest body's JSON. */
export const MAX_BODY_BYTES = 131_072 - 4;

export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}

export class CannotOpen extends Error {
  override readonly name = 'CannotOpen';
}

export interface Recipient {
  readonly kid: string;
  readonly ek: string;
  readonly enc: PublicKey;
}

function pad(json: string): Uint8Array<ArrayBuffer> {
  const bytes = toBytes(json);
  const size = PAD_SIZES.find((candidate) => candidate >= bytes.length + 4);
  if (size === undefined)
    throw new BodyTooLarge(`The message has ${bytes.length} bytes; ${MAX_BODY_BYTES} are the limit.`);
  const out = new Uint8Array(size);
  new DataView(out.buffer).setUint32(0, bytes.length);
  out.set(bytes, 4);
  return out;
}

function unpad(plain: Uint8Array): string {
  const length = new DataView(plain.buffer, plain.byteOffset, plain.byteLength).getUint32(0);
  if (length + 4 > plain.length) throw new CannotOpen('length exceeds the plaintext');
  return toText(plain.subarray(4, 4 + length));
}

const importAesKey = (raw: Uint8Array<ArrayBuffer>): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);

async function hpkeSeal(recipient: Recipient, plain: Uint8Array, aad: Uint8Array): Promise<Uint8Array> {
  const key = await importEncryptionKey(recipient.enc);
  const { encapsulatedSecret, ciphertext } = await hpkeSuite.Seal(key, plain, { aad, info: INFO });
  return concat(encapsulatedSecret, ciphertext);
}

async function sealPayload(
  plain: Uint8Array<ArrayBuffer>,
  recipients: readonly Recipient[],
  aad: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const [only, ...others] = recipients;
  if (only && others.length === 0) return concat(Uint8Array.of(1), await hpkeSeal(only, plain, aad));
  const contentKey = crypto.getRandomValues(new Uint8Array(32));
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const wraps = await Promise.all(recipients.map((recipient) => hpkeSeal(recipient, contentKey, aad)));
  const aes = await importAesKey(contentKey);
  const ct = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: aad }, aes, plain);
  return concat(Uint8Array.of(recipients.length), ...wraps, iv, new Uint8Array(ct));
}

/** What the sender chooses of a header; the rest follows from identity and recipients. */
export type HeaderChoice = Pick<Header, 'k' | 'id' | 'n' | 'iat' | 'exp'> &
  Partial<Pick<Header, 't' | 's' | 'u' | 'c'>>;

/**
 * Seals `body` for the recipients and signs the whole. Sealing is randomised: keep the returned text and send it unchanged again;
 * sealing an id a second time would be another message. Throws {@link BodyTooLarge}.
 */
export async function sealEnvelope(options: {
  identity: Identity;
  recipients: readonly Recipient[];
  header: HeaderChoice;
  /** The body as JSON text: kept as text because events are hashed as sent. */
  json: string;
}): Promise<string> {
  const { identity, recipients } = options;
  const header = headerSchema.parse({
    alg: 'ES256',
    typ: 'errand1+jws',
    kid: identity.device.kid,
    to: recipients.map(({ kid, ek }) => ({ kid, ek })),
    ...options.header,
  });
  const protectedText = toB64u(toBytes(JSON.stringify(header)));
  const payload = await sealPayload(pad(options.json), recipients, toBytes(protectedText));
  const compact = await new CompactSign(payload).setProtectedHeader(header).sign(identity.signing.privateKey);
  if (!compact.startsWith(`${protectedText}.`)) throw new Error('the signer wrote another header than was sealed');
  return compact;
}

/** One of this device's decryption keys: after a rotation an old one opens for a while. */
export interface OpeningKey {
  readonly ek: string;
  readonly pair: CryptoKeyPair;
}

/**
 * Opens an envelope addressed to `kid` with whichever of `keys` it was sealed to, and returns the body's JSON text.
 * Says nothing of who signed it: verify first. Throws {@link CannotOpen}.
 */
export async function openEnvelope(envelope: Envelope, kid: string, keys: readonly OpeningKey[]): Promise<string> {
  const index = envelope.header.to.findIndex((to) => to.kid === kid);
  const ek = envelope.header.to[index]?.ek;
  const key = keys.find((candidate) => candidate.ek === ek);
  if (!key) throw new CannotOpen('sealed to a key this device does not have');
  const aad = toBytes(envelope.protectedText);
  try {
    return unpad(
      await openPayload({
        payload: envelope.payload,
        count: envelope.header.to.length,
        index,
        key,
        aad,
      }),
    );
  } catch (error) {
    throw error instanceof CannotOpen ? error : new CannotOpen('the payload does not belong to this header or key');
  }
}

async function openPayload(options: {
  payload: Uint8Array<ArrayBuffer>;
  count: number;
  index: number;
  key: OpeningKey;
  aad: Uint8Array<ArrayBuffer>;
}): Promise<Uint8Array> {
  const { payload, count, index, key, aad } = options;
  if (payload[0] !== count) throw new CannotOpen('payload and header name different numbers of recipients');
  const hpkeOpen = (enc: Uint8Array, ct: Uint8Array): Promise<Uint8Array> =>
    hpkeSuite.Open(key.pair, enc, ct, { aad, info: INFO });
  if (count === 1) return hpkeOpen(payload.subarray(1, 1 + ENC_BYTES), payload.subarray(1 + ENC_BYTES));
  const slot = 1 + index * (ENC_BYTES + WRAP_BYTES);
  const contentKey = await hpkeOpen(
    payload.subarray(slot, slot + ENC_BYTES),
    payload.subarray(slot + ENC_BYTES, slot + ENC_BYTES + WRAP_BYTES),
  );
  const rest = 1 + count * (ENC_BYTES + WRAP_BYTES);
  const aes = await importAesKey(new Uint8Array(contentKey));
  const iv = payload.slice(rest, rest + IV_BYTES);
  const ct = payload.slice(rest + IV_BYTES);
  return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: aad }, aes, ct));
}
