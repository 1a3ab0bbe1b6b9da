import { RelayError, type RelayClient } from '../../edge/mailbox/relay-client.ts';
import { sha256B64u, toBytes } from '../../edge/protocol/bytes.ts';
import type { Device } from '../../edge/protocol/device.ts';
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
import type { Notice } from '../control/messages.ts';
import type { Journal } from '../journal/journal.ts';
import { hasRoomForPeer, listPeers, pinPeer, readPeer, type Peer } from '../journal/peer.ts';
import { listRecent } from '../journal/task.ts';
import { finishPairing, type FinishOptions, type Pending } from './finish-pairing.ts';

const POLL_MS = 1000;
/** Seconds before its end at which a shown offer is renewed. */
const RENEW_BEFORE = 120;
/** Between two tries to have the relay confirm what was allowed here. */
const RESUME_MS = 5000;

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

interface Options extends Omit<FinishOptions, 'relay'> {
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
  /** Unix seconds, by the relay's clock when this one is wrong. */
  readonly now: () => number;
  readonly setTimer: (run: () => void, ms: number) => () => void;
  readonly log: (text: string) => void;
}

export interface Pairing {
  /** Shows an offer, the one already shown if there is one. Rejects with RelayError. */
  show(): Promise<{ code: string; link: string }>;
  hide(): void;
  /** The owner compared the digits and decided. Rejects with {@link PairingProblem} or RelayError. */
  allow(decision: Decision): Promise<void>;
  /** Goes on with pairings that were allowed here and that the relay has not confirmed yet. */
  resume(): void;
}

/** `mayHistory`: it may read threads from before; undefined: as it may already, and else only when it is the one phone. */
interface Decision {
  readonly claim: string;
  readonly ok: boolean;
  readonly mayPower: boolean;
  readonly mayHistory?: boolean | undefined;
}

/** Pairing at the desk: an offer is shown and renewed until one phone claimed it and the owner pressed the key. */
export function createPairing(options: Options): Pairing {
  const { notify } = options;
  let shown: Shown | undefined;
  let opening: Promise<Shown> | undefined;
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
    if (seen.claim) notify({ say: 'claim', ...claimWords(options, seen.claim) });
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
  // Two terminals that ask at once show one offer: a phone that claimed another would wait for ever.
  const open = (): Promise<Shown> => (opening ??= offerAnew(options).finally(() => (opening = undefined)));
  function hide(): void {
    cancelTimer?.();
    shown = undefined;
  }
  const finished = (pid: string): void => {
    if (shown?.pid === pid) hide();
  };
  return {
    hide,
    resume: () => void resume(options, finished),
    async show() {
      const current = (shown ??= await open());
      schedule();
      return words(current);
    },
    async allow(decision) {
      const current = shown;
      if (!current?.claim || current.claim.id !== decision.claim) {
        throw new PairingProblem('pairing.no-claim', 'This pairing is over. Show a new code.');
      }
      await carryOut(options, { shown: current, phone: current.claim.phone, ...decision }).catch((error: unknown) => {
        if (error instanceof RelayError && error.passing) later(options, finished);
        throw error;
      });
      hide();
    },
  };
}

async function carryOut(
  options: Options,
  decision: Decision & { readonly shown: Shown; readonly phone: Device },
): Promise<void> {
  const { journal, keys } = options;
  const { shown, phone, claim, ok } = decision;
  const { pid, pollSecret } = shown;
  if (!ok) {
    const proof: Proof = { use: 'confirm', pid, phone: phone.kid, claim, ok, iat: options.now() };
    return options.relay.confirmPairing(pid, await makeProof(keys.identity, proof), pollSecret);
  }
  if (!hasRoomForPeer(journal, phone.kid)) {
    throw new PairingProblem('pairing.full', 'Eight phones are paired already. Remove one first (errand devices).');
  }
  const known = readPeer(journal, phone.kid);
  pinPeer(journal, {
    device: phone,
    mayPower: decision.mayPower && options.remotePower,
    mayHistory: decision.mayHistory ?? mayReadBefore(journal, known),
    pairing: { pid, pollSecret, claim, fresh: known === undefined },
  });
  const peer = readPeer(journal, phone.kid);
  if (isPending(peer)) await finish(options, peer);
}

async function finish(options: Options, peer: Pending): Promise<void> {
  await finishPairing(options, peer);
  options.notify({ say: 'paired', name: peer.device.name });
  options.onPaired();
}

/** Nobody waits for these at the desk: what fails for good is only gone. */
async function resume(options: Options, finished: (pid: string) => void): Promise<void> {
  for (const peer of pendingIn(options.journal)) {
    await finish(options, peer).then(
      () => finished(peer.pairing.pid),
      (error: unknown) => options.log(`pairing: ${String(error)}`),
    );
  }
  if (pendingIn(options.journal).length > 0) later(options, finished);
}

const later = (options: Options, finished: (pid: string) => void): void =>
  void options.setTimer(() => void resume(options, finished), RESUME_MS);

const isPending = (peer: Peer | undefined): peer is Pending => Boolean(peer?.pairing);
const pendingIn = (journal: Journal): Pending[] => listPeers(journal).filter(isPending);

/** What is proposed to the person who allows: a phone that replaces the only one may read on. */
const mayReadBefore = (journal: Journal, known: Peer | undefined): boolean =>
  known?.mayHistory ?? listPeers(journal).length === 0;

/** `history` stands only where there is something from before to read. */
function claimWords(
  { journal }: Options,
  { id, phone, digits }: NonNullable<Shown['claim']>,
): { claim: string; name: string; digits: string; history?: boolean } {
  const said = { claim: id, name: phone.name, digits };
  if (listRecent(journal, 1).length === 0) return said;
  return { ...said, history: mayReadBefore(journal, readPeer(journal, phone.kid)) };
}

async function offerAnew({ keys, relay, now }: Options): Promise<Shown> {
  const code = newPairingCode();
  const post = async () => {
    const made = await makeOffer(code, keys.identity.device, now());
    return { offer: made, ...(await relay.postPairing(made)) };
  };
  // The first word of the relay tells a clock that is wrong what time it is.
  const { offer, pollSecret } = await post().catch((error: unknown) => {
    if (error instanceof RelayError && error.code === 'clock.skew') return post();
    throw error;
  });
  return {
    code,
    pid: await pairingId(code),
    offers: [offer],
    pollSecret,
    renewAt: now() + OFFER_LIFE - RENEW_BEFORE,
  };
}

async function renew({ keys, relay, ...options }: Options, shown: Shown): Promise<Shown> {
  const now = options.now();
  const offer = await makeOffer(shown.code, keys.identity.device, now);
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
      return options.now() >= shown.renewAt ? renew(options, shown) : shown;
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
  const read = await openWithAny(shown, claim, options.keys.identity);
  // Whoever claimed did not know the code: this offer is burnt, the next one is not.
  return read ? { ...shown, claim: { id, ...read } } : offerAnew(options);
}

async function openWithAny(
  shown: Shown,
  claim: string,
  desktop: Identity,
): Promise<{ phone: Device; digits: string } | undefined> {
  // The key may have been changed since the offer was made.
  const pairs = [desktop.encryption, ...(desktop.retired ?? []).map(({ pair }) => pair)];
  for (const offer of shown.offers) {
    for (const encryption of pairs) {
      const phone = await tryOpen({ code: shown.code, offer, claim, desktop: { ...desktop, encryption } });
      if (phone) return { phone, digits: await comparisonDigits(shown.code, offer.body, claim) };
    }
  }
  return undefined;
}

/** The phone that made the claim; undefined when it was not made for this offer and key. */
async function tryOpen(options: Parameters<typeof openClaim>[0]): Promise<Device | undefined> {
  try {
    return await openClaim(options);
  } catch (error) {
    if (error instanceof PairingRefused) return undefined;
    throw error;
  }
}
