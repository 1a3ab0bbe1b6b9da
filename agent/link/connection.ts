import { patient } from '../../edge/mailbox/patient.ts';
import { RelayError } from '../../edge/mailbox/relay-client.ts';
import type { Config } from '../config.ts';
import type { Notice } from '../control/messages.ts';
import type { Journal } from '../journal/journal.ts';
import { addressesOf, isLoopback } from './addresses.ts';
import { supabaseCarrier, type Carrier, type SetTimer } from './carrier.ts';
import type { PairingPoint } from './finish-pairing.ts';
import type { DeskKeys } from './keys.ts';
import { startLink, type Link, type LinkState } from './link.ts';
import { login } from './login.ts';
import { createPairing, type Pairing } from './pairing.ts';
import { createRotation, type RotationPoint } from './rotation.ts';
import { sessionFile } from './session-file.ts';

interface Options {
  readonly journal: Journal;
  readonly keys: DeskKeys;
  readonly config: Config & { readonly relay: NonNullable<Config['relay']> };
  readonly fetch: typeof fetch;
  readonly setTimer: SetTimer;
  readonly notify: (notice: Notice) => void;
  readonly onJoined: () => void;
  readonly log: (text: string) => void;
  readonly failpoint: (name: PairingPoint | RotationPoint) => void;
}

/** All that depends on one relay: session, link and pairing. Replaced as a whole when the relay changes. */
export interface Connection {
  readonly link: Link;
  readonly carrier: Carrier;
  readonly pairing: Pairing | undefined;
  readonly login: (owner: { email: string; password: string; code: string }) => Promise<void>;
}

export function connect(options: Options): Connection {
  const { journal, keys, config, setTimer, notify, log } = options;
  const fetch = Object.assign(patient(options.fetch), { preconnect: options.fetch.preconnect });
  const { identity } = keys;
  const { url, publishableKey } = config.relay;
  const addresses = addressesOf(url);
  const carrier = supabaseCarrier({
    addresses,
    publishableKey,
    identity,
    fetch,
    storage: sessionFile(`${journal.folder}/session.json`),
    now: journal.now,
    setTimer,
  });
  const rotation = createRotation({ ...options, relay: carrier.relay, now: carrier.clock.sending });
  const unwatch = journal.watch((change) => {
    if (change.in === 'peers' || change.in === 'heard') rotation.kick();
  });
  const link = startLink({
    journal,
    identity,
    carrier,
    setTimer,
    onState: (state: LinkState) => {
      if (state === 'online') rotation.kick();
      notify({ say: 'link', link: state });
    },
    onJoined: options.onJoined,
    onClock: clockTeller(notify),
    log,
  });
  const renewed = async (): Promise<void> => {
    await carrier.session.renew();
    link.kick();
  };
  const pairing = config.app === null ? undefined : pairingOf({ ...options, app: config.app, carrier, renewed });
  rotation.kick();
  pairing?.resume();
  return {
    link: {
      ...link,
      stop: async (farewellMs) => {
        unwatch();
        await Promise.all([rotation.stop(), link.stop(farewellMs)]);
      },
    },
    carrier,
    pairing,
    login: async (owner) => {
      await login({ addresses, publishableKey, fetch, identity, now: carrier.clock.sending }, owner);
      await renewed();
    },
  };
}

/** Says it once, and again when it was right in between. */
function clockTeller(notify: Options['notify']): (behind: number) => void {
  let told = 0;
  return (behind) => {
    if (behind !== 0 && told === 0) notify({ say: 'clock', behind });
    told = behind;
  };
}

function pairingOf(options: Options & { app: string; carrier: Carrier; renewed: () => Promise<void> }): Pairing {
  const { journal, keys, config, app, carrier, notify, setTimer, log, failpoint } = options;
  // The app finds the relay at its own origin, unless it is another. A loopback address is this desktop's own stack, which the app's
  // public address leads to: a phone cannot use it.
  const { url } = config.relay;
  const elsewhere = !isLoopback(url) && new URL(url).origin !== new URL(app).origin;
  return createPairing({
    journal,
    keys,
    relay: carrier.anonymous,
    isRegistered: (kid) => isRegistered(carrier, kid),
    app,
    linkRelay: elsewhere ? config.relay : undefined,
    remotePower: config.remotePower,
    notify,
    now: carrier.clock.sending,
    onPaired: () => void options.renewed().catch((error: unknown) => log(`link: ${String(error)}`)),
    setTimer,
    log,
    failpoint,
  });
}

/** An account that is not this desktop's any more knows none of its phones. */
async function isRegistered({ relay, session }: Carrier, kid: string): Promise<boolean> {
  try {
    await session.renew();
    return (await relay.devices()).devices.some((device) => device.kid === kid);
  } catch (error) {
    if (error instanceof RelayError && !error.passing) return false;
    throw error;
  }
}
