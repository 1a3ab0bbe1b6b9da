import type { SupabaseClient } from '@supabase/supabase-js';
import type { RelayClient } from '../../edge/mailbox/relay-client.ts';
import { sha256B64u, toBytes } from '../../edge/protocol/bytes.ts';
import type { Device } from '../../edge/protocol/device.ts';
import { newId } from '../../edge/protocol/id.ts';
import { newIdentity, type Identity } from '../../edge/protocol/identity.ts';
import type { Offer } from '../../edge/protocol/offer.ts';
import { newPairingCode, pairingId } from '../../edge/protocol/pairing-code.ts';
import { makeClaim, makeOffer } from '../../edge/protocol/pairing.ts';
import { makeProof } from '../../edge/protocol/proof.ts';
import { sealEnvelope, type HeaderChoice } from '../../edge/protocol/seal.ts';
import type { RelayStack } from './relay-stack.ts';
import { claimsOf, newClient, owner, type Person, type Place } from './stack-people.ts';

/** Where a relay answers, and how it is called. */
export type RelayPlace = Place & Pick<RelayStack, 'client'>;

export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** The access token a client of Supabase has at the moment. */
export async function tokenOf(client: SupabaseClient): Promise<string> {
  const { data } = await client.auth.getSession();
  if (!data.session) throw new Error('not signed in');
  return data.session.access_token;
}

export const sessionIdOf = async (client: SupabaseClient): Promise<string> =>
  String(claimsOf(await tokenOf(client))['session_id']);

/** As if the code of the authenticator had been entered so many seconds earlier. */
export async function ageFactor({ sql }: RelayStack, client: SupabaseClient, seconds: number): Promise<void> {
  await sql`
    update auth.mfa_amr_claims set updated_at = updated_at - make_interval(secs => ${seconds})
    where session_id = ${await sessionIdOf(client)}`;
  const { error } = await client.auth.refreshSession();
  if (error) throw error;
}

export const phoneIdentity = (name = 'Pixel'): Promise<Identity> =>
  newIdentity({ kind: 'phone', name, extractable: false });
export const desktopIdentity = (name = 'Studio-PC'): Promise<Identity> =>
  newIdentity({ kind: 'desktop', name, extractable: true });

export interface Offered {
  readonly code: string;
  readonly pid: string;
  readonly offer: Offer;
  readonly pollSecret: string;
}

export async function offerOf(stack: RelayPlace, desktop: Identity, code = newPairingCode()): Promise<Offered> {
  const offer = await makeOffer(code, desktop.device, nowSeconds());
  const { pollSecret } = await stack.client().postPairing(offer);
  return { code, pid: await pairingId(code), offer, pollSecret };
}

export async function claimOf(
  relay: RelayClient,
  { code, pid, offer }: Offered,
  parties: { phone: Identity; desktop: Device },
): Promise<string> {
  const claim = await makeClaim({ code, offer, ...parties });
  await relay.claimPairing(pid, claim, parties.phone.device);
  return claim;
}

export async function confirmationOf(
  desktop: Identity,
  { pid }: Offered,
  word: { phone: string; claim: string; ok?: boolean; iat?: number },
): Promise<string> {
  const { phone, claim, ok = true, iat = nowSeconds() } = word;
  return makeProof(desktop, { use: 'confirm', pid, phone, claim: await sha256B64u(toBytes(claim)), ok, iat });
}

/** A desktop gets a session of its own account, as after a lost refresh token. */
export async function desktopSession(stack: RelayPlace, desktop: Identity): Promise<SupabaseClient> {
  const relay = stack.client();
  const { kid } = desktop.device;
  const nonce = await relay.sessionNonce(kid);
  const token_hash = await relay.sessionToken(
    await makeProof(desktop, { use: 'session', kid, nonce, iat: nowSeconds() }),
  );
  const client = newClient(stack);
  const { error } = await client.auth.verifyOtp({ type: 'magiclink', token_hash });
  if (error) throw error;
  return client;
}

export async function bind(relay: RelayClient, phone: Identity, client: SupabaseClient): Promise<void> {
  const session = await sessionIdOf(client);
  await relay.bindDevice(await makeProof(phone, { use: 'bind', kid: phone.device.kid, session, iat: nowSeconds() }));
}

/** One end of a pairing: its keys, its account's client, and its client of the relay. */
export interface End {
  readonly identity: Identity;
  readonly supabase: SupabaseClient;
  readonly relay: RelayClient;
}

export interface Pair {
  readonly person: Person;
  readonly phone: End;
  readonly desktop: End;
}

/** A person's phone and desktop, paired by the real ceremony; or one more desktop for the phone of `known`. */
export async function paired(stack: RelayPlace, known?: Pair): Promise<Pair> {
  const someone = known?.person ?? (await owner(stack));
  const [phone, desktop] = await Promise.all([known?.phone.identity ?? phoneIdentity(), desktopIdentity()]);
  const relay = stack.client(() => tokenOf(someone.client));
  const offered = await offerOf(stack, desktop);
  const claim = await claimOf(relay, offered, { phone, desktop: desktop.device });
  const word = await confirmationOf(desktop, offered, { phone: phone.device.kid, claim });
  await stack.client().confirmPairing(offered.pid, word, offered.pollSecret);
  await bind(relay, phone, someone.client);
  const supabase = await desktopSession(stack, desktop);
  return {
    person: someone,
    phone: { identity: phone, supabase: someone.client, relay },
    desktop: { identity: desktop, supabase, relay: stack.client(() => tokenOf(supabase)) },
  };
}

/** Seals `json` from one device to others; what is not chosen lives for an hour. */
export function sealed(
  from: Identity,
  to: readonly Identity[],
  header: Partial<HeaderChoice> = {},
  json = '{"k":"test"}',
): Promise<string> {
  const now = nowSeconds();
  const k = from.device.kind === 'phone' ? 'task' : 'evt';
  return sealEnvelope({
    identity: from,
    recipients: to.map(({ device }) => device),
    header: { k, id: newId(), n: 1, iat: now, exp: now + 3600, ...header },
    json,
  });
}
