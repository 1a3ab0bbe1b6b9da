import { MAX_CLOCK_AHEAD } from '../protocol/envelope.ts';
import { newId } from '../protocol/id.ts';
import type { Device } from '../protocol/device.ts';
import type { Identity } from '../protocol/identity.ts';
import { BodyTooLarge, sealEnvelope } from '../protocol/seal.ts';
import { RelayError, type RelayClient } from './relay-client.ts';
import type { Draft, OutboxItem, OutboxStore } from './store.ts';

const BATCH = 50;

/** `waiting`: no recipient is known yet, or a passing fault; try again after `retryMs` (undefined: when something changes). */
export type Flushed =
  | { readonly is: 'empty'; readonly sent: number }
  | { readonly is: 'waiting'; readonly sent: number; readonly error: RelayError; readonly retryMs: number };

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
      if (error) return { is: 'waiting', sent, error, retryMs: (error.retryAfter ?? 2) * 1000 };
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
    if (error.passing || (error.code === 'envelope.expired' && item.draft.reseal)) return error;
    await sender.store.settle(item.seq, { at: 'failed', why: error.code });
    return undefined;
  }
  await sender.store.settle(item.seq, { at: 'relay' });
  return undefined;
}

/** The bytes to send; undefined when the item was settled because it can never go. */
async function sealedBytes(item: OutboxItem, sender: Sender): Promise<string | undefined> {
  const { draft, sealed, seq } = item;
  const giveUp = async (why: string): Promise<undefined> => {
    await sender.store.settle(seq, { at: 'failed', why });
    return undefined;
  };
  // Sealed by a clock that was ahead: the relay would not take it before that time, and everything behind it would wait.
  const early = sealed !== undefined && sealed.exp - draft.life > sender.now() + MAX_CLOCK_AHEAD;
  if (sealed && !early && sealed.exp > sender.now()) return sealed.compact;
  if (sealed && !early && !draft.reseal) return giveUp('envelope.expired');
  const peers = await sender.store.peers();
  const recipients = draft.to === 'all' ? peers : peers.filter((peer) => draft.to.includes(peer.kid));
  if (recipients.length === 0) return giveUp('envelope.recipient');
  try {
    return await sealAndKeep({ seq, draft, recipients, id: sealed && draft.reseal ? newId() : draft.id, sender });
  } catch (error) {
    if (error instanceof BodyTooLarge) return giveUp('body.too-large');
    throw error;
  }
}

async function sealAndKeep(options: {
  seq: number;
  draft: Draft;
  recipients: readonly Device[];
  id: string;
  sender: Sender;
}): Promise<string> {
  const { seq, draft, recipients, id, sender } = options;
  const { k, json, life, t, u, c } = draft;
  const iat = sender.now();
  const header = { k, id, n: await sender.store.nextCounter(), iat, exp: iat + life };
  const optional = { ...(t && { t }), ...(u && { u }), ...(c && { c }) };
  const compact = await sealEnvelope({
    identity: sender.identity(),
    recipients,
    json,
    header: { ...header, ...optional },
  });
  await sender.store.keepSealed(seq, { compact, exp: header.exp, id });
  return compact;
}
