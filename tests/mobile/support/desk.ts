import { createClient } from '@supabase/supabase-js';
import { drainInbox } from '../../../edge/mailbox/inbox.ts';
import { relayClient, type RelayClient } from '../../../edge/mailbox/relay-client.ts';
import { sha256B64u, toBytes } from '../../../edge/protocol/bytes.ts';
import type { Device } from '../../../edge/protocol/device.ts';
import type { Down } from '../../../edge/protocol/down.ts';
import { eventHash, type Happening } from '../../../edge/protocol/event.ts';
import { newId } from '../../../edge/protocol/id.ts';
import { newIdentity, type Identity } from '../../../edge/protocol/identity.ts';
import { comparisonDigits, newPairingCode, pairingId } from '../../../edge/protocol/pairing-code.ts';
import { makeOffer, openClaim } from '../../../edge/protocol/pairing.ts';
import { makeProof } from '../../../edge/protocol/proof.ts';
import { sealEnvelope } from '../../../edge/protocol/seal.ts';
import { DEFAULT_SETTINGS } from '../../../edge/protocol/settings.ts';
import { upSchema, type Up } from '../../../edge/protocol/up.ts';
import { until } from '../../support/until.ts';

/** What a desktop said: an envelope's id and its body. */
export interface HeardUp {
  readonly id: string;
  readonly body: Up;
}

/** A desktop as the wire knows it, its person's hand included: does nothing but what a test tells it to. */
export interface Desk {
  readonly identity: Identity;
  /** Shows a new code and waits until a phone claimed it. Resolves with the digits; then `allow` or `refuse`. */
  offer(): Promise<{ code: string; claimed: Promise<Claimed> }>;
  /** Pulls; everything heard so far. */
  hear(): Promise<readonly HeardUp[]>;
  /** Waits until the phone said something of this kind. */
  hears<K extends Up['kind']>(kind: K): Promise<{ id: string; body: Extract<Up, { kind: K }> }>;
  say(body: Down | Record<string, unknown>, more?: More): Promise<string>;
  /** The next event of a task, chained to the one before. */
  tell(t: string, what: Happening | Record<string, unknown>, bend?: { i?: number; prev?: string }): Promise<void>;
  seal(body: unknown, more?: More): Promise<string>;
  /** Seals to a phone that never allowed this desktop anything. */
  sealFor(phone: Device, body: unknown): Promise<string>;
}

/** Of the header: a collapse key, and whether a push is wanted. */
interface More {
  readonly c?: string;
  readonly u?: true;
}

export interface Claimed {
  readonly digits: string;
  readonly phone: Device;
  allow(): Promise<void>;
  refuse(): Promise<void>;
}

interface Place {
  readonly url: string;
  readonly publishableKey: string;
}

const seconds = (): number => Math.floor(Date.now() / 1000);

export async function newDesk(stack: Place, name = 'Studio-PC'): Promise<Desk> {
  const identity = await newIdentity({ kind: 'desktop', name, extractable: true });
  const { kid } = identity.device;
  const supabase = createClient(stack.url, stack.publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  });
  const relay: RelayClient = relayClient({
    url: `${stack.url}/functions/v1/relay`,
    publishableKey: stack.publishableKey,
    fetch: (url, init) => fetch(url, init),
    token: async () => (await supabase.auth.getSession()).data.session?.access_token,
  });
  const phones = new Map<string, Device>();
  const heard: HeardUp[] = [];
  const known = new Set<string>();
  const chains = new Map<string, { i: number; hash: string }>();
  let n = 0;

  async function signIn(): Promise<void> {
    const nonce = await relay.sessionNonce(kid);
    const token_hash = await relay.sessionToken(
      await makeProof(identity, { use: 'session', kid, nonce, iat: seconds() }),
    );
    const { error } = await supabase.auth.verifyOtp({ type: 'magiclink', token_hash });
    if (error) throw error;
  }
  const seal: Desk['seal'] = (body, more) => sealTo([...phones.values()], body, more);
  async function sealTo(recipients: readonly Device[], body: unknown, more: More = {}): Promise<string> {
    const iat = seconds();
    return sealEnvelope({
      identity,
      recipients,
      header: { k: 'evt', id: newId(), n: ++n, iat, exp: iat + 3600, ...more },
      json: JSON.stringify(body),
    });
  }
  async function offer(): ReturnType<Desk['offer']> {
    const code = newPairingCode();
    const pid = await pairingId(code);
    const made = await makeOffer(code, identity.device, seconds());
    const { pollSecret } = await relay.postPairing(made);
    const claimed = async (): Promise<Claimed> => {
      const status = await until(
        () => relay.pairing(pid, pollSecret),
        ({ state }) => state === 'claimed',
      );
      if (status.state !== 'claimed') throw new Error('not claimed');
      const { claim } = status;
      const phone = await openClaim({ code, offer: made, claim, desktop: identity });
      const settle = async (ok: boolean): Promise<void> => {
        const iat = seconds();
        const about = { pid, phone: phone.kid, claim: await sha256B64u(toBytes(claim)) };
        const proof = await makeProof(identity, { use: 'confirm', ...about, ok, iat });
        await relay.confirmPairing(pid, proof, pollSecret);
      };
      return {
        digits: await comparisonDigits(code, made.body, claim),
        phone,
        refuse: () => settle(false),
        allow: async () => {
          await settle(true);
          phones.set(phone.kid, phone);
          await signIn();
          await say({ kind: 'trust', name, mayPower: true, version: 1 });
        },
      };
    };
    return { code, claimed: claimed() };
  }
  async function say(body: unknown, more?: More): Promise<string> {
    const compact = await seal(body, more);
    const { id } = await relay.postEnvelope(compact);
    return id;
  }
  async function hear(): Promise<readonly HeardUp[]> {
    await drainInbox<Up>({
      relay,
      epoch: 1,
      receiver: {
        kid,
        keys: () => [{ ek: identity.device.ek, pair: identity.encryption }],
        schema: upSchema,
        allows: () => true,
        now: seconds,
        store: {
          trusted: async (from) => phones.get(from),
          notBefore: async () => 0,
          knows: async (id) => known.has(id),
          refuse: async ({ why }) => Promise.reject(new Error(`the desk refused: ${why}`)),
          take: async ({ envelope, body }) => {
            known.add(envelope.header.id);
            heard.push({ id: envelope.header.id, body });
          },
        },
      },
    });
    return heard;
  }
  return {
    identity,
    offer,
    hear,
    say,
    seal,
    sealFor: (phone, body) => sealTo([phone], body),
    hears: async (kind) => {
      const all = await until(hear, (said) => said.some(({ body }) => body.kind === kind));
      const found = all.findLast(({ body }) => body.kind === kind);
      return found as never;
    },
    tell: async (t, what, bend = {}) => {
      const last = chains.get(t) ?? { i: 0, hash: null };
      const event = { kind: 'event', t, i: last.i + 1, prev: last.hash, at: Date.now(), what, ...bend };
      chains.set(t, { i: event.i, hash: await eventHash(JSON.stringify(event)) });
      await say(event);
    },
  };
}

export const seenNow = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  kind: 'seen',
  at: Date.now(),
  presence: 'idle',
  lid: 'open',
  settings: DEFAULT_SETTINGS,
  rev: 1,
  mayPower: true,
  version: 1,
  model: 'offline planner (no AI)',
  scripts: [],
  ...more,
});
