import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { deviceNameSchema } from '../../edge/protocol/device.ts';
import { identityOf, type Identity } from '../../edge/protocol/identity.ts';
import type { KeyStore } from '../link/keys.ts';

const jwkSchema = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  d: z.string(),
});
const fileSchema = z.strictObject({ name: deviceNameSchema, sign: jwkSchema, enc: jwkSchema });

type Purpose = {
  readonly algorithm: EcKeyImportParams;
  readonly uses: readonly KeyUsage[];
  readonly checks: readonly KeyUsage[];
};
const SIGN: Purpose = { algorithm: { name: 'ECDSA', namedCurve: 'P-256' }, uses: ['sign'], checks: ['verify'] };
const ENC: Purpose = { algorithm: { name: 'ECDH', namedCurve: 'P-256' }, uses: ['deriveBits'], checks: [] };

async function pairOf({ d, ...open }: z.infer<typeof jwkSchema>, purpose: Purpose): Promise<CryptoKeyPair> {
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey('jwk', { ...open, d }, purpose.algorithm, false, [...purpose.uses]),
    crypto.subtle.importKey('jwk', open, purpose.algorithm, true, [...purpose.checks]),
  ]);
  return { privateKey, publicKey };
}

async function privateJwk(pair: CryptoKeyPair): Promise<z.infer<typeof jwkSchema>> {
  const { kty, crv, x, y, d } = await crypto.subtle.exportKey('jwk', pair.privateKey);
  return jwkSchema.parse({ kty, crv, x, y, d });
}

/** A terminal's identity in a file only its user reads (0600): a terminal has no store for keys that cannot be exported. */
export function keysInFile(file: string): KeyStore {
  return {
    load: async (): Promise<Identity | undefined> => {
      if (!existsSync(file)) return undefined;
      const { name, sign, enc } = fileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
      const [signing, encryption] = await Promise.all([pairOf(sign, SIGN), pairOf(enc, ENC)]);
      return identityOf({ kind: 'phone', name, signing, encryption });
    },
    save: async ({ device, signing, encryption }) => {
      const [sign, enc] = await Promise.all([privateJwk(signing), privateJwk(encryption)]);
      writeFileSync(file, JSON.stringify({ name: device.name, sign, enc }), { mode: 0o600 });
    },
  };
}
