import { accept, type Receiver } from './accept.ts';
import type { Kicks } from './pump.ts';
import type { RelayClient } from './relay-client.ts';
import type { Refusal } from './store.ts';

/** How many envelopes one pull leases. */
const BATCH = 50;
/** Pulls for pokes that came while acks were on their way: whoever waits for the end of a drain gets there, however often it rings. */
const KICKED_PULLS = 20;

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
  /** Pokes during the drain. */
  kicks?: Kicks | undefined;
}

/**
 * Pulls until the relay hands out nothing more that is new: accept, store in one transaction, and only then ack. The next pull does
 * not wait for the answer to an ack: that would be a whole way there and back. A crash at any point delivers the envelope again, and
 * `knows` makes that harmless. Rejects with RelayError, or with what the store throws; all acks are over then, too.
 */
export async function drainInbox<Body>(options: DrainOptions<Body>): Promise<Drained> {
  const { relay, kicks } = options;
  const refused: { id: string; why: Refusal }[] = [];
  // What stays at the relay is leased to this drain: it does not stand before the rest. A relay that gives it again anyway, or what
  // was acked, must not hold the device.
  const seen = new Set<string>();
  const acks: Promise<void>[] = [];
  let taken = 0;

  /** False when there is nothing more. */
  async function pull(): Promise<boolean> {
    const { envelopes, more } = await relay.pull({ max: BATCH, epoch: options.epoch });
    const fresh = envelopes.filter(({ id }) => !seen.has(id));
    const ended: { id: string; leaseNo: number }[] = [];
    for (const { id, envelope, leaseNo } of fresh) {
      seen.add(id);
      const why = await takeOne(id, envelope, options.receiver);
      if (why === 'taken') taken++;
      else if (why !== 'duplicate') refused.push({ id, why });
      if (why !== 'time.future') ended.push({ id, leaseNo });
    }
    if (ended.length > 0) send(relay.ack(ended));
    return more && fresh.length > 0;
  }
  function send(ack: Promise<void>): void {
    // Whether it arrived is looked at later.
    ack.catch(() => undefined);
    acks.push(ack);
  }
  try {
    for (let heeded = 0; ; heeded++) {
      while (await pull());
      const acked = Promise.all(acks);
      if (!kicks || heeded === KICKED_PULLS) {
        await acked;
        break;
      }
      await Promise.race([acked, kicks.came()]);
      if (!kicks.heed()) break;
    }
    return { taken, refused };
  } finally {
    await Promise.allSettled(acks);
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
