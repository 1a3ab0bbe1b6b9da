import * as z from 'zod/mini';
import { identityOf, newIdentity, type Identity } from '../../edge/protocol/identity.ts';
import type { Keyring } from './keyring.ts';

/** This desktop was known before, and its keys are gone. */
class IdentityLost extends Error {
  override readonly name = 'IdentityLost';
  readonly code = 'identity.lost';
  constructor() {
    super(
      'The keys of this desktop are missing from its keyring. Restore the keyring, or move the data folder away and pair your phones again.',
    );
  }
}

const privateKeySchema = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  d: z.string(),
});
const storedSchema = z.object({ signing: privateKeySchema, encryption: privateKeySchema });
type PrivateKey = z.infer<typeof privateKeySchema>;

const NAME = 'identity';
const SIGN = { name: 'ECDSA', namedCurve: 'P-256' };
const ENCRYPT = { name: 'ECDH', namedCurve: 'P-256' };

interface Options {
  readonly keyring: Keyring;
  readonly name: string;
  /** The kid the journal remembers: with one, keys are never made anew. */
  readonly known: string | undefined;
}

/** The desktop's identity from its keyring, made at the first start. The private halves are not extractable once loaded. */
export async function loadIdentity({ keyring, name, known }: Options): Promise<Identity> {
  const text = (await keyring.get(NAME)) ?? (known === undefined ? await makeKeys(keyring, name) : undefined);
  if (text === undefined) throw new IdentityLost();
  const { signing, encryption } = storedSchema.parse(JSON.parse(text));
  const identity = await identityOf({
    kind: 'desktop',
    name,
    signing: await pairOf(signing, SIGN, 'sign', 'verify'),
    encryption: await pairOf(encryption, ENCRYPT, 'deriveBits'),
  });
  if (known !== undefined && identity.device.kid !== known) throw new IdentityLost();
  return identity;
}

async function makeKeys(keyring: Keyring, name: string): Promise<string> {
  const { signing, encryption } = await newIdentity({ kind: 'desktop', name, extractable: true });
  const text = JSON.stringify({
    signing: privateKeySchema.parse(await crypto.subtle.exportKey('jwk', signing.privateKey)),
    encryption: privateKeySchema.parse(await crypto.subtle.exportKey('jwk', encryption.privateKey)),
  });
  await keyring.set(NAME, text);
  return text;
}

async function pairOf(
  jwk: PrivateKey,
  algorithm: EcKeyImportParams,
  use: KeyUsage,
  publicUse?: KeyUsage,
): Promise<CryptoKeyPair> {
  const { kty, crv, x, y } = jwk;
  return {
    privateKey: await crypto.subtle.importKey('jwk', jwk, algorithm, false, [use]),
    publicKey: await crypto.subtle.importKey('jwk', { kty, crv, x, y }, algorithm, true, publicUse ? [publicUse] : []),
  };
}
