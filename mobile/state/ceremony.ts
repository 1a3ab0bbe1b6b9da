import { RelayError, type RelayClient } from '../../edge/mailbox/relay-client.ts';
import type { Device } from '../../edge/protocol/device.ts';
import { newIdentity, type Identity } from '../../edge/protocol/identity.ts';
import { comparisonDigits, pairingId, readPairingLink, type PairingLink } from '../../edge/protocol/pairing-code.ts';
import { checkOffer, makeClaim } from '../../edge/protocol/pairing.ts';
import { PhoneFault } from '../link/fault.ts';
import { peerOf } from '../link/mailbox-store.ts';
import { META, writeMeta } from '../link/meta.ts';
import type { PairingRecord } from '../link/records.ts';
import type { PhoneDeps } from './deps.ts';
import { relayAddress, type Wire, type Wires } from './wires.ts';

/** Milliseconds between two looks whether the desk allowed this phone. */
const LOOK_EVERY = 700;

const linkIn = (text: string): PairingLink | undefined => readPairingLink(text.slice(text.indexOf('#') + 1).trim());

export function readLink(text: string): PairingLink {
  const link = linkIn(text);
  if (!link) throw new PhoneFault('pairing.code');
  return link;
}

/** Whether a text, as a camera reads it, is what a desktop shows for pairing. */
export const isPairingLink = (text: string): boolean => linkIn(text) !== undefined;

export async function goToRelay(wires: Wires, { relay }: PairingLink): Promise<void> {
  if (!relay) return;
  const known = wires.known();
  if (known?.place.url === relayAddress(relay.url)) return;
  if (known && (await known.account.standing()).is !== 'signed-out') throw new PhoneFault('pairing.other-relay');
  await wires.move(relay);
}

export async function prepareClaim(
  deps: PhoneDeps,
  { relay, clock }: Pick<Wire, 'relay' | 'clock'>,
  code: string,
): Promise<{ pairing: PairingRecord; identity: Identity }> {
  const pid = await pairingId(code);
  const status = await relay.pairing(pid);
  if (status.state === 'refused') throw new PhoneFault('pairing.refused');
  if (status.state !== 'open') throw new PhoneFault('pairing.claimed');
  const desktop = await checkOffer(code, status.offer, clock.sending());
  const identity = await ownIdentity(deps, clock);
  const claim = await makeClaim({ code, offer: status.offer, desktop, phone: identity });
  const digits = await comparisonDigits(code, status.offer.body, claim);
  return { pairing: { code, pid, offer: status.offer, desktop, claim, digits }, identity };
}

/**
 * Keys are made at the first pairing, not before: on iOS the installed app has a storage of its own. Under a lock: two looks at one
 * link would else make two identities, and the desktop would allow the one that was overwritten.
 */
function ownIdentity(deps: PhoneDeps, clock: Wire['clock']): Promise<Identity> {
  return deps.lock('keys', async () => {
    const known = await deps.keys.load();
    if (known) return known;
    const identity = await newIdentity({ kind: 'phone', name: deps.name, extractable: deps.extractable });
    await deps.keys.save(identity);
    await writeMeta(deps.db, META.notBefore, clock.sending() - 300);
    return identity;
  });
}

/** Waits for the key press at the desk. False when the person gave up here. Rejects when it was refused or the offer is gone. */
export async function allowed(options: {
  deps: PhoneDeps;
  relay: RelayClient;
  pid: string;
  mine: () => boolean;
}): Promise<boolean> {
  const { deps, relay, pid, mine } = options;
  while (mine()) {
    const state = await stateOf(relay, pid);
    if (!mine()) return false;
    if (state === 'confirmed') return true;
    // A refusal opens the offer again for whoever the person meant.
    if (state === 'refused' || state === 'open') throw new PhoneFault('pairing.refused');
    await new Promise<void>((resolve) => void deps.setTimer(resolve, LOOK_EVERY));
  }
  return false;
}

async function stateOf(relay: RelayClient, pid: string): Promise<string> {
  try {
    return (await relay.pairing(pid)).state;
  } catch (error) {
    if (error instanceof RelayError && error.passing) return 'unknown';
    // After the third refusal, or with another phone in its place, an offer is shown to nobody any more.
    if (error instanceof RelayError && error.code === 'pairing.claimed') return 'refused';
    throw error;
  }
}

/** Pins the desktop: from now on this phone believes what its key signed. */
export async function pin({ db }: Pick<PhoneDeps, 'db'>, device: Device): Promise<void> {
  await db.write(async (tx) => {
    // It may have greeted already. Whatever was before, it allowed this phone now, with the key of its offer.
    const { trusted = false, mayPower = false, greeted } = (await peerOf(tx, device.kid)) ?? {};
    await tx.put('peers', device.kid, { device, trusted, mayPower, greeted });
  });
}
