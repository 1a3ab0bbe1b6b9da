import { RelayError, type RelayClient } from '../../edge/mailbox/relay-client.ts';
import { parseEnvelope } from '../../edge/protocol/envelope.ts';
import { memoryRelay } from './memory-relay.ts';

/** Seconds for which a pulled envelope is nobody else's. */
const LEASE = 60;

interface Delivery {
  readonly kid: string;
  readonly id: string;
  readonly collapse: string | undefined;
  leaseNo: number;
  leasedUntil: number;
  epoch: number;
}

interface Kept {
  readonly compact: string;
  readonly sender: string;
  readonly exp: number;
  fetched: boolean;
}

type Answer<Call extends keyof RelayClient> = Awaited<ReturnType<RelayClient[Call]>>;

/** What the relay does of itself: leases with numbers, takeover by epoch, tombstones, expiry, collapse. Its faults come from outside. */
export interface LeasingRelay {
  submit(envelope: string): Answer<'postEnvelope'>;
  pull(kid: string, options: { max: number; epoch: number }): Answer<'pull'>;
  ack(kid: string, acks: readonly { id: string; leaseNo: number }[]): void;
  withdraw(sender: string, id: string): void;
  /** It answered, or would have answered, 200. */
  has(id: string): boolean;
  /** It can still be fetched by this device. */
  holds(kid: string, id: string): boolean;
  /** All other calls, as of a relay in memory. */
  readonly rest: RelayClient;
}

export function leasingRelay(now: () => number, poke: (kid: string) => void): LeasingRelay {
  const kept = new Map<string, Kept>();
  let deliveries: Delivery[] = [];
  const unexpired = (id: string): boolean => (kept.get(id)?.exp ?? 0) > now();

  return {
    rest: memoryRelay(now).client('nobody'),
    has: (id) => kept.has(id),
    holds: (kid, id) => unexpired(id) && deliveries.some((each) => each.kid === kid && each.id === id),
    submit: (compact) => {
      const { header } = parseEnvelope(compact);
      const { id, kid: sender, to, exp, c: collapse } = header;
      const known = kept.get(id);
      if (known && known.compact !== compact) throw new RelayError('envelope.conflict', 'other bytes');
      if (exp <= now()) throw new RelayError('envelope.expired', 'too late');
      if (known) return { id, now: now() };
      kept.set(id, { compact, sender, exp, fetched: false });
      const kids = new Set(to.map(({ kid }) => kid));
      if (collapse) deliveries = deliveries.filter((each) => each.collapse !== collapse || !kids.has(each.kid));
      for (const kid of kids) {
        deliveries.push({ kid, id, collapse, leaseNo: 0, leasedUntil: 0, epoch: 0 });
        poke(kid);
      }
      return { id, now: now() };
    },
    pull: (kid, { max, epoch }) => {
      const free = deliveries.filter(
        (each) => each.kid === kid && unexpired(each.id) && (each.leasedUntil <= now() || each.epoch < epoch),
      );
      const taken = free.slice(0, max);
      for (const each of taken) Object.assign(each, { leaseNo: each.leaseNo + 1, leasedUntil: now() + LEASE, epoch });
      const envelopes = taken.map(({ id, leaseNo }) => ({ id, envelope: kept.get(id)?.compact ?? '', leaseNo }));
      return { envelopes, due: [], more: free.length > max, now: now() };
    },
    ack: (kid, acks) => {
      const stands = ({ id, leaseNo, kid: owner }: Delivery): boolean =>
        owner !== kid || leaseNo === 0 || !acks.some((ack) => ack.id === id && ack.leaseNo === leaseNo);
      for (const { id } of deliveries.filter((each) => !stands(each))) {
        const envelope = kept.get(id);
        if (envelope) envelope.fetched = true;
      }
      deliveries = deliveries.filter(stands);
    },
    withdraw: (sender, id) => {
      const envelope = kept.get(id);
      if (envelope?.sender !== sender) throw new RelayError('envelope.unknown', 'no such envelope');
      if (envelope.fetched || deliveries.some((each) => each.id === id && each.leaseNo > 0)) {
        throw new RelayError('envelope.fetched', 'too late');
      }
      deliveries = deliveries.filter((each) => each.id !== id);
    },
  };
}
