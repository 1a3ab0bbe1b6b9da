import * as z from 'zod/mini';
import { CompactSign, compactVerify } from 'jose';
import { fromB64u, toBytes, toText } from './bytes.ts';
import { deviceSchema, importSigningKey, publicKeySchema, type PublicKey } from './device.ts';
import { hashSchema, idSchema, thumbprintSchema } from './id.ts';
import type { Identity } from './identity.ts';

const TYP = 'errand1-proof+jws';

/**
 * What a device proves to the relay with its key, besides envelopes. Each `use` has its own claims, so that a proof made for one
 * purpose is worth nothing for another. `iat` in Unix seconds; the relay accepts it for five minutes either way.
 */
export const proofSchema = z.discriminatedUnion('use', [
  /** Binds the phone's signed-in session to its key. */
  z.strictObject({ use: z.literal('bind'), kid: thumbprintSchema, session: z.string(), iat: z.int() }),
  /** Asks for a new session of the desktop's machine user, with a nonce of the relay. */
  z.strictObject({ use: z.literal('session'), kid: thumbprintSchema, nonce: z.string(), iat: z.int() }),
  /** Registers a desktop under the account that signed in at it. */
  z.strictObject({ use: z.literal('register'), device: deviceSchema, session: z.string(), iat: z.int() }),
  /** The desktop's new encryption key; `was` is the one it follows. */
  z.strictObject({
    use: z.literal('rotate'),
    kid: thumbprintSchema,
    was: thumbprintSchema,
    ek: thumbprintSchema,
    enc: publicKeySchema,
    iat: z.int(),
  }),
  /** The owner pressed the key at the desktop: this phone, this claim. */
  z.strictObject({
    use: z.literal('confirm'),
    pid: idSchema,
    phone: thumbprintSchema,
    claim: hashSchema,
    ok: z.boolean(),
    iat: z.int(),
  }),
]);
export type Proof = z.infer<typeof proofSchema>;

export async function makeProof(identity: Identity, proof: Proof): Promise<string> {
  return new CompactSign(toBytes(JSON.stringify(proof)))
    .setProtectedHeader({ alg: 'ES256', typ: TYP, kid: identity.device.kid })
    .sign(identity.signing.privateKey);
}

/** The proof, when it was made with the private half of `key`; undefined otherwise. */
export async function readProof(text: string, key: PublicKey): Promise<Proof | undefined> {
  try {
    const verified = await compactVerify(text, await importSigningKey(key), { algorithms: ['ES256'] });
    if (verified.protectedHeader.typ !== TYP) return undefined;
    const json: unknown = JSON.parse(toText(verified.payload));
    return proofSchema.parse(json);
  } catch {
    return undefined;
  }
}

/** What a proof claims, unverified: only to look the key up that it must then be read with. */
export function peekProof(text: string): Proof | undefined {
  try {
    const payload = text.split('.')[1] ?? '';
    const json: unknown = JSON.parse(toText(fromB64u(payload)));
    const parsed = proofSchema.safeParse(json);
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
