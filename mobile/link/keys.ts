import * as z from 'zod/mini';
import { identityOf, type Identity } from '../../edge/protocol/identity.ts';
import { deviceNameSchema } from '../../edge/protocol/device.ts';
import type { Db } from './db.ts';

/** Where a phone's identity is kept. */
export interface KeyStore {
  load(): Promise<Identity | undefined>;
  save(identity: Identity): Promise<void>;
}

const pairSchema = z.object({ publicKey: z.instanceof(CryptoKey), privateKey: z.instanceof(CryptoKey) });
const keysSchema = z.object({ name: deviceNameSchema, signing: pairSchema, encryption: pairSchema });

/** Keys as CryptoKey objects in the phone's own database: they cannot be exported, only used. */
export function keysIn(db: Db): KeyStore {
  return {
    load: async () => {
      const stored = await db.read((tx) => tx.get('meta', 'keys'));
      return stored === undefined ? undefined : identityOf({ kind: 'phone', ...keysSchema.parse(stored) });
    },
    save: ({ device, signing, encryption }) =>
      db.write((tx) => tx.put('meta', 'keys', { name: device.name, signing, encryption })),
  };
}
