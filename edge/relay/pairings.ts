import { fromB64u, sha256B64u, toB64u, toBytes, toText } from '../protocol/bytes.ts';
import { deviceMatchesKeys } from '../protocol/device.ts';
import { claimPairingSchema, postPairingSchema, proofBodySchema, type PairingStatus } from '../protocol/http.ts';
import { idSchema } from '../protocol/id.ts';
import { offerBodySchema, type Offer, type OfferBody } from '../protocol/offer.ts';
import { readJson } from './body.ts';
import type { RelayContext, RelayDeps, RelayHandler } from './deps.ts';
import { Refusal } from './errors.ts';
import { ownerIn } from './guards.ts';
import { addressGroup, bucket } from './limits.ts';
import { withMachine } from './machine.ts';
import { proved, type ProofFor } from './proofs.ts';
import type { Pairing } from './store.ts';

/** Seconds: an offer lives ten minutes, and the desktop's clock may run five ahead. */
const MAX_OFFER_LIFE = 900;

export function postPairing({ store, limits, now, clientIp }: RelayDeps): RelayHandler {
  return async (c) => {
    const { offer, pollSecret = newPollSecret() } = await readJson(c, postPairingSchema);
    const { pid, device, exp } = await readOffer(offer);
    if (exp <= now() || exp > now() + MAX_OFFER_LIFE) throw new Refusal('clock.skew');
    const buckets = [
      bucket(`offers:${addressGroup(clientIp(c.req.raw))}`, limits.offersFromAnAddress),
      bucket('offers', limits.offersFromEverywhere),
    ];
    const pollHash = await sha256B64u(toBytes(pollSecret));
    await store.offer({ pid, offer, desktop: device, pollHash, exp, buckets });
    return c.json({ pollSecret });
  };
}

const newPollSecret = (): string => toB64u(crypto.getRandomValues(new Uint8Array(32)));

async function readOffer(offer: Offer): Promise<OfferBody> {
  let body: OfferBody;
  try {
    body = offerBodySchema.parse(JSON.parse(toText(fromB64u(offer.body))));
  } catch {
    throw new Refusal('request.malformed');
  }
  if (body.device.kind !== 'desktop' || !(await deviceMatchesKeys(body.device))) throw new Refusal('request.malformed');
  return body;
}

export function getPairing(deps: RelayDeps): RelayHandler {
  return async (c) => {
    const by =
      c.req.header('x-poll-secret') === undefined ? { owner: (await ownerIn(deps, c)).user } : await pollHash(c);
    return c.json(statusOf(await deps.store.pairing(pidOf(c), by)));
  };
}

function pidOf(c: RelayContext): string {
  const pid = idSchema.safeParse(c.req.param('pid'));
  if (!pid.success) throw new Refusal('pairing.unknown');
  return pid.data;
}

async function pollHash(c: RelayContext): Promise<{ pollHash: string }> {
  const secret = c.req.header('x-poll-secret');
  if (secret === undefined) throw new Refusal('pairing.unknown');
  return { pollHash: await sha256B64u(toBytes(secret)) };
}

function statusOf(pairing: Pairing): PairingStatus {
  const { offer } = pairing;
  switch (pairing.state) {
    case 'open':
      return { state: 'open', offer };
    case 'claimed':
      return { state: 'claimed', offer, claim: pairing.claim };
    case 'confirmed':
      return { state: 'confirmed', offer };
    case 'refused':
      return { state: 'refused' };
  }
}

export function claimPairing({ store, limits }: RelayDeps): RelayHandler {
  return async (c) => {
    const { user } = c.get('owner');
    const { claim, device } = await readJson(c, claimPairingSchema);
    if (device.kind !== 'phone' || !(await deviceMatchesKeys(device))) throw new Refusal('request.malformed');
    const buckets = [bucket(`claims:${user}`, limits.claims)];
    await store.claim({ pid: pidOf(c), owner: user, claim, phone: device, buckets });
    return c.json({ ok: true });
  };
}

/** The word of the person at the desktop, signed with the key that was offered: this phone, this claim. */
export function confirmPairing(deps: RelayDeps): RelayHandler {
  return async (c) => {
    const pid = pidOf(c);
    const by = await pollHash(c);
    const body = await readJson(c, proofBodySchema);
    const pairing = await deps.store.pairing(pid, by);
    const proof = await proved(body.proof, { use: 'confirm', key: pairing.desktop.sig, now: deps.now() });
    if (proof.pid !== pid) throw new Refusal('device.proof');
    await decide(deps, { pid, pairing, proof });
    return c.json({ ok: true });
  };
}

/** A word that was heard already is heard again without effect. */
async function decide(
  deps: RelayDeps,
  { pid, pairing, proof }: { pid: string; pairing: Pairing; proof: ProofFor<'confirm'> },
): Promise<void> {
  if (pairing.state === 'open' || pairing.state === 'refused') {
    if (proof.ok) throw new Refusal(pairing.state === 'open' ? 'pairing.unknown' : 'pairing.tries');
    return;
  }
  const { claim, phone, owner, desktop } = pairing;
  if (proof.phone !== phone.kid || proof.claim !== (await sha256B64u(toBytes(claim))))
    throw new Refusal('device.proof');
  if (pairing.state === 'confirmed') return;
  if (proof.ok) {
    await withMachine(deps, { kid: desktop.kid, owner }, (machine) => deps.store.confirm(pid, claim, machine));
  } else {
    await deps.store.refuse(pid, claim);
  }
}
