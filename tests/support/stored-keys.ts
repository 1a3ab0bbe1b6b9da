import keys from '../protocol/stored/v1/keys.json';
import { identityOf, type Identity } from '../../edge/protocol/identity.ts';
import type { DeviceKind } from '../../edge/protocol/device.ts';

type Stored = (typeof keys)['phone'];

async function pairOf({ d, ...open }: JsonWebKey, algorithm: EcKeyImportParams, use: KeyUsage, publicUse: KeyUsage[]) {
  const { kty, crv, x, y } = open;
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey('jwk', { kty, crv, x, y, d } as JsonWebKey, algorithm, false, [use]),
    crypto.subtle.importKey('jwk', { kty, crv, x, y } as JsonWebKey, algorithm, true, publicUse),
  ]);
  return { privateKey, publicKey };
}

const storedIdentity = async ({ device, signing, encryption }: Stored): Promise<Identity> =>
  identityOf({
    kind: device.kind as DeviceKind,
    name: device.name,
    signing: await pairOf(signing as JsonWebKey, { name: 'ECDSA', namedCurve: 'P-256' }, 'sign', ['verify']),
    encryption: await pairOf(encryption as JsonWebKey, { name: 'ECDH', namedCurve: 'P-256' }, 'deriveBits', []),
  });

export type StoredName = keyof typeof keys;

/** Devices whose keys are the same in every run: they open what was stored in their day. */
export async function storedIdentities(): Promise<Record<StoredName, Identity>> {
  const [desktop, phone, tablet] = await Promise.all([keys.desktop, keys.phone, keys.tablet].map(storedIdentity));
  if (!desktop || !phone || !tablet) throw new Error('three devices');
  return { desktop, phone, tablet };
}
