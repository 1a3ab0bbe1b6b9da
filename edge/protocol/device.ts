import * as z from 'zod/mini';
import { calculateJwkThumbprint } from 'jose';
import { thumbprintSchema } from './id.ts';

const coordinate = z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/));

/** A P-256 public key (RFC 7518, section 6.2.1). Strict: a private part or any other member rejects. */
export const publicKeySchema = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: coordinate,
  y: coordinate,
});
export type PublicKey = z.infer<typeof publicKeySchema>;

export const deviceKindSchema = z.enum(['phone', 'desktop']);
export type DeviceKind = z.infer<typeof deviceKindSchema>;

export const deviceNameSchema = z.string().check(z.minLength(1), z.maxLength(64));

/** What others need to know of a device. `kid` and `ek` are the thumbprints of `sig` and `enc`: see {@link deviceMatchesKeys}. */
export const deviceSchema = z.strictObject({
  kid: thumbprintSchema,
  kind: deviceKindSchema,
  name: deviceNameSchema,
  sig: publicKeySchema,
  ek: thumbprintSchema,
  enc: publicKeySchema,
});
export type Device = z.infer<typeof deviceSchema>;

export const thumbprint = (key: PublicKey): Promise<string> => calculateJwkThumbprint(key, 'sha256');

/** The ids in a device are only claims until this is true. */
export async function deviceMatchesKeys(device: Device): Promise<boolean> {
  const [kid, ek] = await Promise.all([thumbprint(device.sig), thumbprint(device.enc)]);
  return kid === device.kid && ek === device.ek;
}

/** Picks the public members of an exported P-256 key. Throws when the key is of another kind. */
export function publicKeyOf(jwk: JsonWebKey): PublicKey {
  return publicKeySchema.parse({ kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y });
}

/** Imports a signing key for ES256 verification. */
export function importSigningKey(key: PublicKey): Promise<CryptoKey> {
  return crypto.subtle.importKey('jwk', key, { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify']);
}

/** Imports an encryption key for DHKEM(P-256). */
export function importEncryptionKey(key: PublicKey): Promise<CryptoKey> {
  return crypto.subtle.importKey('jwk', key, { name: 'ECDH', namedCurve: 'P-256' }, true, []);
}
