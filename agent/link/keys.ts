import * as z from 'zod/mini';
import { identityOf, newIdentity, type Identity } from '../../edge/protocol/identity.ts';
import type { Keyring } from './keyring.ts';

/** This desktop was known before, and its keys are gone. */
export class IdentityLost extends Error {
  override readonly name = 'IdentityLost';
  readonly code = 'identity.lost';
  constructor() {
    super(
      'The keys of this desktop are missing from its keyring. Restore the keyring; when they are lost for good: `errand stop`, `errand devices anew`, `errand up`, and pair your phones again.',
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
const storedSchema = z.object({
  signing: privateKeySchema,
  encryption: privateKeySchema,
  /** How often the encryption key was changed, and the ones that still open what was sealed to them before. */
  turn: z._default(z.int(), 0),
  retired: z._default(z.array(privateKeySchema), []),
});
type Stored = z.infer<typeof storedSchema>;
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

/** The desktop's keys, in its keyring and in use. */
export interface DeskKeys {
  /** As it is at the moment: its name and its encryption key change under whoever holds it, kid and signing key never do. */
  readonly identity: Identity;
  /** They were made just now: nothing older can be for this desktop, whatever a clock says. */
  readonly made: boolean;
  /** How often the encryption key was changed. */
  readonly turn: () => number;
  rename(name: string): void;
  /** Another encryption key; the one before is retired. It is in the keyring when this resolves, and in use only then. */
  rotate(): Promise<void>;
  /** Destroys the retired keys: what was sealed to them opens no more. */
  forget(): Promise<void>;
}

/**
 * The desktop's keys from its keyring, made at the first start. The private halves are not extractable once loaded. Rejects with
 * {@link IdentityLost} when this desktop was known before: an identity that nobody paired with must not take its place in silence.
 */
export async function openKeys({ keyring, name, known }: Options): Promise<DeskKeys> {
  const kept = await keyring.get(NAME);
  if (kept === undefined && known !== undefined) throw new IdentityLost();
  const text = kept ?? (await makeKeys(keyring, name));
  let stored = storedSchema.parse(JSON.parse(text));
  let now = await identityFrom(stored, name);
  if (known !== undefined && now.device.kid !== known) throw new IdentityLost();

  async function replace(next: Stored): Promise<void> {
    const identity = await identityFrom(next, now.device.name);
    await keyring.set(NAME, JSON.stringify(next));
    stored = next;
    now = identity;
  }
  // The journal that knew what was done already is gone: what was sealed to the desktop of that time must not open, or be done, again.
  if (kept !== undefined && known === undefined) {
    await replace({ ...stored, encryption: await newEncryptionKey(), turn: stored.turn + 1, retired: [] });
  }
  return {
    identity: {
      get device() {
        return now.device;
      },
      get signing() {
        return now.signing;
      },
      get encryption() {
        return now.encryption;
      },
      get retired() {
        return now.retired ?? [];
      },
    },
    made: kept === undefined,
    turn: () => stored.turn,
    rename: (to) => void (now = { ...now, device: { ...now.device, name: to } }),
    rotate: async () => {
      const { encryption, retired, turn } = stored;
      await replace({
        ...stored,
        encryption: await newEncryptionKey(),
        turn: turn + 1,
        retired: [encryption, ...retired],
      });
    },
    forget: () => replace({ ...stored, retired: [] }),
  };
}

async function identityFrom(stored: Stored, name: string): Promise<Identity> {
  const signing = await pairOf(stored.signing, SIGN, 'sign', 'verify');
  const at = async (jwk: PrivateKey): Promise<Identity> =>
    identityOf({ kind: 'desktop', name, signing, encryption: await pairOf(jwk, ENCRYPT, 'deriveBits') });
  const older = await Promise.all(stored.retired.map(at));
  const retired = older.map(({ device, encryption }) => ({ ek: device.ek, pair: encryption }));
  return { ...(await at(stored.encryption)), retired };
}

async function makeKeys(keyring: Keyring, name: string): Promise<string> {
  const { signing, encryption } = await newIdentity({ kind: 'desktop', name, extractable: true });
  const text = JSON.stringify({ signing: await exported(signing), encryption: await exported(encryption) });
  await keyring.set(NAME, text);
  return text;
}

const newEncryptionKey = async (): Promise<PrivateKey> =>
  exported(await crypto.subtle.generateKey(ENCRYPT, true, ['deriveBits']));

const exported = async ({ privateKey }: CryptoKeyPair): Promise<PrivateKey> =>
  privateKeySchema.parse(await crypto.subtle.exportKey('jwk', privateKey));

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
