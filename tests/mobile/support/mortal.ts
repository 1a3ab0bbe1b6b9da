import { RelayError, type RelayClient } from '../../../edge/mailbox/relay-client.ts';
import type { Db } from '../../../mobile/link/db.ts';
import type { Chance } from '../../support/faults-chance.ts';

/** This page is dead: nothing it does has an effect any more. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/** One life of a page: it ends at a moment that follows from the seed, before or after what it was just doing took effect. */
export interface Life {
  readonly db: (db: Db) => Db;
  readonly relay: (relay: RelayClient) => RelayClient;
}

/** `deaths` and `losses` in a hundred: how often an access to the database kills, and how often a request or its answer is lost. */
export function life(lot: Chance, { deaths, losses }: { deaths: number; losses: number }): Life {
  let dead = false;
  function die(): never {
    dead = true;
    throw new Killed();
  }
  async function mortal<T>(work: () => Promise<T>): Promise<T> {
    if (dead || lot.percent(deaths)) die();
    const value = await work();
    if (dead || lot.percent(deaths)) die();
    return value;
  }
  async function onTheLine<T>(work: () => Promise<T>): Promise<T> {
    if (dead) throw new Killed();
    if (lot.percent(losses)) throw new RelayError('network.unreachable', 'the request is lost');
    const value = await work();
    if (dead) throw new Killed();
    if (lot.percent(losses)) throw new RelayError('network.unreachable', 'the answer is lost');
    return value;
  }
  return {
    db: (db) => ({ read: (work) => mortal(() => db.read(work)), write: (work) => mortal(() => db.write(work)) }),
    relay: (relay) => ({
      ...relay,
      postEnvelope: (envelope) => onTheLine(() => relay.postEnvelope(envelope)),
      pull: (options) => onTheLine(() => relay.pull(options)),
      ack: (acks) => onTheLine(() => relay.ack(acks)),
    }),
  };
}
