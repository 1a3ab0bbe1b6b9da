import type { DeviceClaim, KnownDevice, Store } from './store.ts';

/** Sessions remembered at once. */
const MOST = 10_000;

/**
 * Which device stood behind a session when it was last asked: saves a send the call that only fetches the key to verify with. It
 * decides nothing. A key belongs to its `kid` for ever, and whether the session is still that device is checked by the database
 * in the very transaction that stores the envelope.
 */
export interface KnownSenders {
  find(claim: DeviceClaim): Promise<KnownDevice>;
  forget(claim: DeviceClaim): void;
}

export function knownSenders(store: Pick<Store, 'caller'>): KnownSenders {
  const known = new Map<string, KnownDevice>();
  return {
    find: async (claim) => {
      const key = JSON.stringify(claim);
      const found = known.get(key);
      if (found) return found;
      const device = await store.caller(claim);
      if (known.size >= MOST) known.clear();
      known.set(key, device);
      return device;
    },
    forget: (claim) => void known.delete(JSON.stringify(claim)),
  };
}
