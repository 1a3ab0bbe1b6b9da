import { relayClient, type RelayClient } from '../../edge/mailbox/relay-client.ts';
import { relayClock, type RelayClock } from '../../edge/mailbox/relay-clock.ts';
import type { PairingLink } from '../../edge/protocol/pairing-code.ts';
import { createAccount, type Account } from '../link/account.ts';
import { META, readMeta, writeMeta } from '../link/meta.ts';
import type { RelayPlace } from '../link/records.ts';
import type { PhoneDeps } from './deps.ts';

const RELAY_PATH = '/functions/v1/relay';

/** What a phone speaks to: one relay, and the Auth and Realtime that stand beside it. */
export interface Wire {
  readonly place: RelayPlace;
  readonly account: Account;
  readonly relay: RelayClient;
  readonly clock: RelayClock;
  readonly realtimeUrl: string;
}

export interface Wires {
  /** The wire as far as it is known without asking anybody. */
  known(): Wire | undefined;
  /** Reads the relay's address from the database. */
  load(): Promise<void>;
  /** The wire; asks the relay for its configuration the first time. Rejects with RelayError. */
  get(): Promise<Wire>;
  /** Goes to the relay that a pairing link names. */
  move(relay: NonNullable<PairingLink['relay']>): Promise<void>;
  stop(): void;
}

export const relayAddress = (url: string): string => {
  const bare = url.replace(/\/+$/, '');
  return bare.endsWith(RELAY_PATH) ? bare : bare + RELAY_PATH;
};

/** Auth and Realtime stand beside the relay, at the address this phone reached it by: a desk knows itself by other names. */
const besides = (place: RelayPlace, path: string): string => place.url.slice(0, -RELAY_PATH.length) + path;

export function createWires(deps: PhoneDeps): Wires {
  const { db, now } = deps;
  let wire: Wire | undefined;

  function connect(place: RelayPlace): Wire {
    wire?.account.stop();
    const clock = relayClock({ fetch: deps.fetch, now });
    const { publishableKey } = place;
    const account = createAccount({ db, url: besides(place, '/auth/v1'), publishableKey, fetch: deps.fetch, now });
    const relay = relayClient({ url: place.url, publishableKey, fetch: clock.fetch, token: account.token });
    wire = { place, account, relay, clock, realtimeUrl: besides(place, '/realtime/v1') };
    return wire;
  }
  async function ask(url: string, publishableKey: string): Promise<Wire> {
    const config = await relayClient({ url, publishableKey, fetch: deps.fetch, token: async () => undefined }).config();
    const { vapidPublicKey } = config;
    const place = { url, publishableKey: config.publishableKey, vapidPublicKey };
    await writeMeta(db, META.relay, place);
    return connect(place);
  }
  return {
    known: () => wire,
    load: async () => {
      const place = await readMeta(db, META.relay);
      if (place) connect(place);
    },
    get: async () => wire ?? ask(relayAddress(deps.relayUrl), ''),
    move: async ({ url, publishableKey }) => {
      if (wire?.place.url !== relayAddress(url)) await ask(relayAddress(url), publishableKey);
    },
    stop: () => wire?.account.stop(),
  };
}
