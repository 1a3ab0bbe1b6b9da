import { publicKeyOf, thumbprint, type Device, type DeviceKind } from './device.ts';

/** A device's own keys. The private halves never leave this object; a phone's cannot be exported at all. */
export interface Identity {
  readonly device: Device;
  readonly signing: CryptoKeyPair;
  readonly encryption: CryptoKeyPair;
  /** Encryption keys of before a rotation: envelopes that were sealed to them may still be on their way. */
  readonly retired?: readonly { readonly ek: string; readonly pair: CryptoKeyPair }[];
}

/**
 * Makes a device's identity: ECDSA P-256 to sign, ECDH P-256 to be encrypted to.
 * `extractable` is true only where keys must be written to a keychain (desktop).
 */
export async function newIdentity(options: {
  kind: DeviceKind;
  name: string;
  extractable: boolean;
}): Promise<Identity> {
  const [signing, encryption] = await Promise.all([
    crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, options.extractable, ['sign', 'verify']),
    crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, options.extractable, ['deriveBits']),
  ]);
  return identityOf({ kind: options.kind, name: options.name, signing, encryption });
}

/** Describes existing key pairs; the public keys must be extractable (they always are under WebCrypto). */
export async function identityOf(options: {
  kind: DeviceKind;
  name: string;
  signing: CryptoKeyPair;
  encryption: CryptoKeyPair;
}): Promise<Identity> {
  const sig = publicKeyOf(await crypto.subtle.exportKey('jwk', options.signing.publicKey));
  const enc = publicKeyOf(await crypto.subtle.exportKey('jwk', options.encryption.publicKey));
  const [kid, ek] = await Promise.all([thumbprint(sig), thumbprint(enc)]);
  const { kind, name, signing, encryption } = options;
  return { device: { kid, kind, name, sig, ek, enc }, signing, encryption };
}
