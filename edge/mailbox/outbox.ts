import { MAX_CLOCK_AHEAD } from '../protocol/envelope.ts';
import { newId } from '../protocol/id.ts';
import type { Identity } from '../protocol/identity.ts';
import { BodyTooLarge, sealEnvelope } from '../protocol/seal.ts';
import { RelayError, type RelayClient } from './relay-client.ts';
import type { Draft, OutboxItem, OutboxStore } from './store.ts';

const BATCH = 50;

/** `waiting`: a passing fault stands before what is left. */
export type Flushed =
  | { readonly is: 'empty'; readonly sent: number }
  | { readonly is: 'waiting'; readonly sent: number; readonly error: RelayError };

export interface Sender {
  readonly relay: Pick<RelayClient, 'postEnvelope'>;
  readonly store: OutboxStore;
  readonly identity: () => Identity;
  /** Unix seconds. */
  readonly now: () => number;
}

/**
 * Sends what is pending, in order, until empty or a passing fault. Sealed bytes are stored before their first sending and sent
 * again unchanged, so that "did it arrive?" can always be answered by sending once more. Rejects only with what the store throws.
 */
export async function flushOutbox(sender: Sender): Promise<Flushed> {
  let sent = 0;
  for (;;) {
    const items = await sender.store.pending(BATCH);
    if (items.length === 0) return { is: 'empty', sent };
    for (const item of items) {
      const error = await sendOne(item, sender);
      if (error) return { is: 'waiting', sent, error };
      sent++;
    }
  }
}

/** Settles one item; a passing fault comes back as a value. */
async function sendOne(item: OutboxItem, sender: Sender): Promise<RelayError | undefined> {
  const sealed = await sealedBytes(item, sender);
  if (sealed === undefined) return undefined;
  try {
    await sender.relay.postEnvelope(sealed);
  } catch (error) {
    if (!(error instanceof RelayError)) throw error;
    if (error.passing || waits(item.draft, error)) return error;
    await sender.store.settle(item.seq, { at: 'failed', why: error.code });
    return undefined;
  }
  await sender.store.settle(item.seq, { at: 'relay' });
  return undefined;
}

/** A desktop that the relay does not know just now, or whose clock is wrong, loses no event by that. */
const waits = ({ k, reseal }: Draft, { code }: RelayError): boolean =>
  (code === 'device.unknown' && k === 'evt') || (code === 'envelope.expired' && reseal);

function nextFor({ draft, sealed }: OutboxItem, now: number): 'send' | 'seal' | 'give-up' {
  // Sealed by a clock that was ahead: the relay would not take it before that time, and everything behind it would wait.
  if (!sealed || sealed.exp - draft.life > now + MAX_CLOCK_AHEAD) return 'seal';
  if (sealed.exp > now) return 'send';
  return draft.reseal ? 'seal' : 'give-up';
}

/** The bytes to send; undefined when the item was settled because it can never go. */
async function sealedBytes(item: OutboxItem, sender: Sender): Promise<string | undefined> {
  const { sealed, seq } = item;
  const next = nextFor(item, sender.now());
  if (sealed && next === 'send') return sealed.compact;
  const why = next === 'give-up' ? 'envelope.expired' : await sealAndKeep(item, sender);
  if (typeof why !== 'string') return why.compact;
  await sender.store.settle(seq, { at: 'failed', why });
  return undefined;
}

/** The sealed bytes, or why there can be none. */
async function sealAndKeep(
  { seq, draft, sealed }: OutboxItem,
  sender: Sender,
): Promise<{ compact: string } | 'envelope.recipient' | 'body.too-large'> {
  const { k, json, life, t, u, c } = draft;
  const peers = await sender.store.peers();
  const recipients = draft.to === 'all' ? peers : peers.filter((peer) => draft.to.includes(peer.kid));
  if (recipients.length === 0) return 'envelope.recipient';
  const id = sealed && draft.reseal ? newId() : draft.id;
  const iat = sender.now();
  const header = { k, id, n: await sender.store.nextCounter(), iat, exp: iat + life };
  const optional = { ...(t && { t }), ...(u && { u }), ...(c && { c }) };
  try {
    const identity = sender.identity();
    const compact = await sealEnvelope({ identity, recipients, json, header: { ...header, ...optional } });
    await sender.store.keepSealed(seq, { compact, exp: header.exp, id });
    return { compact };
  } catch (error) {
    if (error instanceof BodyTooLarge) return 'body.too-large';
    throw error;
  }
}
