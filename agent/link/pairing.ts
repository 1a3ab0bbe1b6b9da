import { RelayError, type RelayClient } from '../../edge/mailbox/relay-client.ts';
import { sha256B64u, toBytes } from '../../edge/protocol/bytes.ts';
import type { Device } from '../../edge/protocol/device.ts';
import type { Down } from '../../edge/protocol/down.ts';
import { MAX_LIFE } from '../../edge/protocol/envelope.ts';
import type { Identity } from '../../edge/protocol/identity.ts';
import type { Offer } from '../../edge/protocol/offer.ts';
import {
  comparisonDigits,
  newPairingCode,
  pairingId,
  showPairingCode,
  writePairingLink,
  type PairingLink,
} from '../../edge/protocol/pairing-code.ts';
import { makeOffer, OFFER_LIFE, openClaim, PairingRefused } from '../../edge/protocol/pairing.ts';
import { makeProof, type Proof } from '../../edge/protocol/proof.ts';
import { PROTOCOL_VERSION } from '../../edge/protocol/version.ts';
import type { Notice } from '../control/messages.ts';
import type { Journal } from '../journal/journal.ts';
import { addDraft } from '../journal/outbox.ts';
import { hasRoomForPeer, listPeers, pinPeer, readPeer, removePeer } from '../journal/peer.ts';

const POLL_MS = 1000;
/** Seconds before its end at which a shown offer is renewed. */
const RENEW_BEFORE = 120;

class PairingProblem extends Error {
  override readonly name = 'PairingProblem';
  readonly code: 'pairing.no-claim' | 'pairing.full';

  constructor(code: PairingProblem['code'], message: string) {
    super(message);
    this.code = code;
  }
}

interface Shown {
  readonly code: string;
  readonly pid: string;
  /** Newest first: a phone may still claim the one before a renewal. */
  readonly offers: readonly Offer[];
  readonly pollSecret: string;
  /** Unix seconds. */
  readonly renewAt: number;
  readonly claim?: { readonly id: string; readonly phone: Device; readonly digits: string };
}

interface Options {
  readonly journal: Journal;
  readonly identity: Identity;
  /** Without a session: an offer is made before this desktop has any. */
  readonly relay: Pick<RelayClient, 'postPairing' | 'pairing' | 'confirmPairing'>;
  /** Address of the phone app. */
  readonly app: string;
  readonly linkRelay: PairingLink['relay'] | undefined;
  /** False: no phone may set the power switches, whatever is pressed in the Allow screen. */
  readonly remotePower: boolean;
  readonly notify: (notice: Notice) => void;
  /** A phone was pinned and the relay knows it. */
  readonly onPaired: () => void;
  readonly setTimer: (run: () => void, ms: number) => () => void;
}

export interface Pairing {
  /** Shows an offer, the one already shown if there is one. Rejects with RelayError. */
  show(): Promise<{ code: string; link: string }>;
  hide(): void;
  /** The owner compared the digits and decided. Rejects with {@link PairingProblem} or RelayError. */
  allow(decision: { claim: string; ok: boolean; mayPower: boolean }): Promise<void>;
}

/** Pairing at the desk: an offer is shown and renewed until one phone claimed it and the owner pressed the key. */
export function createPairing(options: Options): Pairing {
  const { notify } = options;
  let shown: Shown | undefined;
  let cancelTimer: (() => void) | undefined;
  const words = ({ code }: Shown): { code: string; link: string } => ({
    code: showPairingCode(code),
    link: writePairingLink(options.app, { code, ...(options.linkRelay && { relay: options.linkRelay }) }),
  });

  async function poll(current: Shown): Promise<void> {
    const seen = await look(options, current);
    if (shown !== current || seen === current) return;
    shown = seen;
    if (seen.code !== current.code) notify({ say: 'offer', ...words(seen) });
    if (seen.claim)
      notify({ say: 'claim', claim: seen.claim.id, name: seen.claim.phone.name, digits: seen.claim.digits });
  }
  function schedule(): void {
    cancelTimer?.();
    const current = shown;
    // A relay that does not answer just now is asked again a second later.
    if (current)
      cancelTimer = options.setTimer(
        () =>
          void poll(current)
            .catch(() => undefined)
            .then(schedule),
        POLL_MS,
      );
  }
  function hide(): void {
    cancelTimer?.();
    shown = undefined;
  }
  return {
    hide,
    async show() {
      const current = (shown ??= await offerAnew(options));
      schedule();
      return words(current);
    },
    async allow(decision) {
      const current = shown;
      if (!current?.claim || current.claim.id !== decision.claim) {
        throw new PairingProblem('pairing.no-claim', 'This pairing is over. Show a new code.');
      }
      await carryOut(options, { shown: current, phone: current.claim.phone, ...decision });
      hide();
    },
  };
}

async function carryOut(
  options: Options,
  decision: { shown: Shown; phone: Device; claim: string; ok: boolean; mayPower: boolean },
): Promise<void> {
  const { journal, identity } = options;
  const { shown, phone, claim, ok } = decision;
  const mayPower = decision.mayPower && options.remotePower;
  const proof: Proof = { use: 'confirm', pid: shown.pid, phone: phone.kid, claim, ok, iat: unixNow(journal) };
  const signed = await makeProof(identity, proof);
  const confirm = (): Promise<void> => options.relay.confirmPairing(shown.pid, signed, shown.pollSecret);
  if (!ok) return confirm();
  await pin({ journal, phone, mayPower, confirm });
  draftTrust(journal, { kid: phone.kid, name: identity.device.name, mayPower });
  options.notify({ say: 'paired', name: phone.name });
  options.onPaired();
}

const unixNow = (journal: Journal): number => Math.floor(journal.now() / 1000);

async function offerAnew({ journal, identity, relay }: Options): Promise<Shown> {
  const code = newPairingCode();
  const offer = await makeOffer(code, identity.device, unixNow(journal));
  const { pollSecret } = await relay.postPairing(offer);
  return {
    code,
    pid: await pairingId(code),
    offers: [offer],
    pollSecret,
    renewAt: unixNow(journal) + OFFER_LIFE - RENEW_BEFORE,
  };
}

async function renew({ journal, identity, relay }: Options, shown: Shown): Promise<Shown> {
  const now = unixNow(journal);
  const offer = await makeOffer(shown.code, identity.device, now);
  await relay.postPairing(offer, shown.pollSecret);
  return { ...shown, offers: [offer, ...shown.offers].slice(0, 2), renewAt: now + OFFER_LIFE - RENEW_BEFORE };
}

/** What the relay says of the shown offer: the same, renewed, claimed, or another one in its place. Rejects with RelayError. */
async function look(options: Options, shown: Shown): Promise<Shown> {
  const status = await options.relay
    .pairing(shown.pid, shown.pollSecret)
    .catch((error: unknown): { state: 'refused' } => {
      if (error instanceof RelayError && error.code === 'pairing.unknown') return { state: 'refused' };
      throw error;
    });
  switch (status.state) {
    case 'open':
      return unixNow(options.journal) >= shown.renewAt ? renew(options, shown) : shown;
    case 'claimed':
      return readClaim(options, shown, status.claim);
    case 'confirmed':
      return shown;
    case 'refused':
      return offerAnew(options);
  }
}

async function readClaim(options: Options, shown: Shown, claim: string): Promise<Shown> {
  const id = await sha256B64u(toBytes(claim));
  if (shown.claim?.id === id) return shown;
  const read = await openWithAny(shown, claim, options.identity);
  // Whoever claimed did not know the code: this offer is burnt, the next one is not.
  return read ? { ...shown, claim: { id, ...read } } : offerAnew(options);
}

async function openWithAny(
  shown: Shown,
  claim: string,
  desktop: Identity,
): Promise<{ phone: Device; digits: string } | undefined> {
  for (const offer of shown.offers) {
    try {
      const phone = await openClaim({ code: shown.code, offer, claim, desktop });
      return { phone, digits: await comparisonDigits(shown.code, offer.body, claim) };
    } catch (error) {
      if (!(error instanceof PairingRefused)) throw error;
    }
  }
  return undefined;
}

/**
 * Pins before the relay is told: a phone that believes it is paired must never find a desktop that does not know it. When the relay
 * refuses, a phone that was not pinned before is forgotten again.
 */
async function pin(options: {
  journal: Journal;
  phone: Device;
  mayPower: boolean;
  confirm: () => Promise<void>;
}): Promise<void> {
  const { journal, phone, mayPower } = options;
  if (!hasRoomForPeer(journal, phone.kid)) {
    throw new PairingProblem('pairing.full', 'Eight phones are paired already. Remove one first (errand devices).');
  }
  const before = readPeer(journal, phone.kid);
  const mayHistory = before?.mayHistory ?? listPeers(journal).length === 0;
  pinPeer(journal, { device: phone, mayPower, mayHistory });
  try {
    await options.confirm();
  } catch (error) {
    if (!before) removePeer(journal, phone.kid, 'desk');
    throw error;
  }
}

/** Sealed to the phone right after pairing: this desktop pinned it. */
function draftTrust(journal: Journal, options: { kid: string; name: string; mayPower: boolean }): void {
  const { kid, name, mayPower } = options;
  const down: Down = { kind: 'trust', name, mayPower, version: PROTOCOL_VERSION };
  addDraft(journal, { k: 'evt', json: JSON.stringify(down), to: [kid], life: MAX_LIFE, reseal: false });
}
