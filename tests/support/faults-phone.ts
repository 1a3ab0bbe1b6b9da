import { drainInbox } from '../../edge/mailbox/inbox.ts';
import { flushOutbox } from '../../edge/mailbox/outbox.ts';
import { RelayError } from '../../edge/mailbox/relay-client.ts';
import type { Device } from '../../edge/protocol/device.ts';
import type { Identity } from '../../edge/protocol/identity.ts';
import { heardSchema } from '../../mobile/link/heard.ts';
import { ownLock } from '../../mobile/link/lock.ts';
import { inboxStore, nextEpoch, outboxStore } from '../../mobile/link/mailbox-store.ts';
import { memoryDb } from '../../mobile/link/memory-db.ts';
import { notingDb } from '../../mobile/link/noting-db.ts';
import { createBook, type Book } from '../../mobile/state/book.ts';
import type { PhoneDeps } from '../../mobile/state/deps.ts';
import { createDesktops } from '../../mobile/state/desktops.ts';
import { createErrands, type Errands } from '../../mobile/state/errands.ts';
import { createHearing } from '../../mobile/state/hearing.ts';
import type { World } from './faults-world.ts';

/** The phone app's own stores and state over a relay with faults, without account and screens. */
export interface FaultsPhone {
  readonly book: Book;
  readonly errands: Errands;
  /** Sends what waits. What goes wrong on the way is tried again the next time. */
  flush(): Promise<void>;
  /** Looks into the inbox, as after a poke. */
  look(): Promise<void>;
  busy(): boolean;
}

export async function faultsPhone(options: {
  world: World;
  identity: Identity;
  desktop: Device;
}): Promise<FaultsPhone> {
  const { world, identity, desktop } = options;
  const { kid, ek } = identity.device;
  const db = notingDb(memoryDb(), () => undefined);
  await db.write((tx) => tx.put('peers', desktop.kid, { device: desktop, trusted: true, mayPower: true }));
  const relay = world.client({ kid, name: 'phone' }, {});
  const deps: PhoneDeps = {
    relayUrl: '',
    db,
    keys: { load: async () => identity, save: async () => undefined },
    fetch: () => Promise.reject(new Error('nothing but envelopes')),
    now: () => world.now(),
    setTimer: () => () => undefined,
    lock: ownLock(),
    name: identity.device.name,
    extractable: false,
    listen: async () => async () => undefined,
  };
  const book = createBook(db);
  await book.load();
  const seconds = (): number => Math.floor(world.now() / 1000);
  const refresh = (): Promise<void> => deps.lock('book', book.follow);
  const desktops = createDesktops({
    deps,
    book,
    relay: async () => relay,
    changed: () => undefined,
    refresh,
    post: () => undefined,
  });
  const hearing = createHearing({ deps, book, refresh, headlines: [], sync: (kid) => desktops.sync(kid) });
  const errands = createErrands({ deps, book, relay: async () => relay, changed: refresh });
  const store = outboxStore(db, () => void refresh());
  let doing = 0;

  async function attempt(work: () => Promise<unknown>): Promise<void> {
    doing += 1;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof RelayError)) throw error;
    } finally {
      doing -= 1;
    }
  }
  const receiver = {
    kid,
    keys: () => [{ ek, pair: identity.encryption }],
    schema: heardSchema,
    allows: (header: { k: string }) => header.k === 'evt',
    store: inboxStore(db, hearing.heard),
    now: seconds,
  };
  return {
    book,
    errands,
    busy: () => doing > 0,
    flush: () =>
      attempt(() => deps.lock('outbox', () => flushOutbox({ relay, store, identity: () => identity, now: seconds }))),
    look: () =>
      attempt(async () => {
        const { refused } = await deps.lock('inbox', async () =>
          drainInbox({ relay, receiver, epoch: await nextEpoch(db) }),
        );
        for (const { why } of refused) if (why !== 'time.expired') world.wrongs.push(`the phone refused: ${why}`);
        await hearing.drained();
        await errands.finishWithdrawals();
      }),
  };
}
