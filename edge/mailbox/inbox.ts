import { accept, type Receiver } from './accept.ts';
import type { RelayClient } from './relay-client.ts';
import type { Refusal } from './store.ts';

/** How many envelopes one pull leases. */
const BATCH = 50;

export interface Drained {
  readonly taken: number;
  /** Refused in this drain, by reason. 'time.future' ones stay at the relay: a clock can be set right. */
  readonly refused: readonly { id: string; why: Refusal }[];
}

interface DrainOptions<Body> {
  relay: Pick<RelayClient, 'pull' | 'ack'>;
  receiver: Receiver<Body>;
  /** The journal's epoch: a restarted device takes over its own leases at once. */
  epoch: number;
}

/**
 * Pulls until the relay hands out nothing more that is new: accept, store in one transaction, and only then ack. A crash at any
 * point delivers the envelope again, and `knows` makes that harmless. Rejects with RelayError, or with what the store throws.
 */
export async function drainInbox<Body>(options: DrainOptions<Body>): Promise<Drained> {
  const { relay, epoch } = options;
  const refused: { id: string; why: Refusal }[] = [];
  // What stays at the relay is leased to this drain: it does not stand before the rest. A relay that gives it again anyway, or what
  // was acked, must not hold the device.
  const seen = new Set<string>();
  let taken = 0;
  for (;;) {
    const { envelopes, more } = await relay.pull({ max: BATCH, epoch });
    const fresh = envelopes.filter(({ id }) => !seen.has(id));
    const acks: { id: string; leaseNo: number }[] = [];
    for (const { id, envelope, leaseNo } of fresh) {
      seen.add(id);
      const why = await takeOne(id, envelope, options.receiver);
      if (why === 'taken') taken++;
      else if (why !== 'duplicate') refused.push({ id, why });
      if (why !== 'time.future') acks.push({ id, leaseNo });
    }
    if (acks.length > 0) await relay.ack(acks);
    if (!more || fresh.length === 0) return { taken, refused };
  }
}

async function takeOne<Body>(
  id: string,
  compact: string,
  receiver: Receiver<Body>,
): Promise<Refusal | 'taken' | 'duplicate'> {
  const verdict = await accept(compact, receiver);
  switch (verdict.is) {
    case 'accepted':
      await receiver.store.take(verdict.accepted);
      return 'taken';
    case 'duplicate':
      return 'duplicate';
    case 'refused':
      if (verdict.why !== 'time.future') await receiver.store.refuse({ id, why: verdict.why, compact });
      return verdict.why;
  }
}
