import { AuthClient, type SupportedStorage } from '@supabase/auth-js';
import { relayClient, type RelayClient } from '../../edge/mailbox/relay-client.ts';
import { endingByOwnClock } from '../../edge/mailbox/session-storage.ts';
import { relayClock, type RelayClock } from '../../edge/mailbox/relay-clock.ts';
import type { Identity } from '../../edge/protocol/identity.ts';
import type { Addresses } from './addresses.ts';
import { listenForPokes, type PokeListener } from './poke.ts';
import { createSession, type Session } from './session.ts';

export interface Carrier {
  readonly relay: RelayClient;
  /** The relay without a session. */
  readonly anonymous: RelayClient;
  readonly session: Session;
  readonly clock: Omit<RelayClock, 'fetch'>;
  /** Starts the doorbell; undefined where there is none. */
  listen(on: { poke: () => void; joined: () => void }): PokeListener;
}

interface CarrierOptions {
  readonly addresses: Addresses;
  readonly publishableKey: string;
  readonly identity: Identity;
  readonly storage: SupportedStorage;
  readonly fetch: typeof fetch;
  readonly now: () => number;
  readonly setTimer: SetTimer;
}

export type SetTimer = (run: () => void, ms: number) => () => void;

/** The real relay: HTTP for envelopes, Realtime for the doorbell, the machine user's session for both. */
export function supabaseCarrier(options: CarrierOptions): Carrier {
  const { addresses, publishableKey, identity, fetch, now, setTimer } = options;
  const clock = relayClock({ fetch, now });
  const client = (token: () => Promise<string | undefined>): RelayClient =>
    relayClient({ url: addresses.relay, publishableKey, fetch: clock.fetch, token });
  const anonymous = client(async () => undefined);
  const auth = new AuthClient({
    url: addresses.auth,
    headers: { apikey: publishableKey },
    storage: endingByOwnClock(options.storage, now),
    storageKey: 'session',
    autoRefreshToken: false,
    detectSessionInUrl: false,
    fetch,
  });
  const session = createSession({ auth, relay: anonymous, identity, now, proofTime: clock.sending });
  return {
    relay: client(session.token),
    anonymous,
    session,
    clock,
    listen: ({ poke, joined }) =>
      listenForPokes({
        url: addresses.realtime,
        publishableKey,
        kid: identity.device.kid,
        token: session.token,
        onPoke: poke,
        onJoined: joined,
        setTimer,
      }),
  };
}
