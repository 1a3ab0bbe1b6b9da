import type { Identity } from '../../edge/protocol/identity.ts';
import type { PokeOptions } from '../link/pokes.ts';
import type { PhoneDeps } from './deps.ts';
import type { Wire } from './wires.ts';

/** The phone's end of Realtime: saves waiting, promises nothing. */
export interface Doorbell {
  /** Begins to listen, once. */
  hang(at: { wire: Wire; identity: Identity }): void;
  connected(): boolean;
  close(): Promise<void>;
}

export function createDoorbell(deps: PhoneDeps, ring: () => void): Doorbell {
  let closing: Promise<() => Promise<void>> | undefined;
  let connected = false;

  /** The code that listens is fetched when it is needed. Without a network it is not: then another time. */
  async function listen(options: PokeOptions): Promise<() => Promise<void>> {
    try {
      return await deps.listen(options);
    } catch {
      closing = undefined;
      return async () => undefined;
    }
  }
  return {
    hang: ({ wire, identity }) => {
      closing ??= listen({
        url: wire.realtimeUrl,
        publishableKey: wire.place.publishableKey,
        kid: identity.device.kid,
        token: wire.account.token,
        onPoke: ring,
        onLine: (joined) => {
          connected = joined;
          // What came before the doorbell was hung rang nowhere.
          if (joined) ring();
        },
      });
    },
    connected: () => connected,
    close: async () => {
      const close = await closing;
      closing = undefined;
      connected = false;
      await close?.();
    },
  };
}
