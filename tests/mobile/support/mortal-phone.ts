import { drainInbox } from '../../../edge/mailbox/inbox.ts';
import { flushOutbox } from '../../../edge/mailbox/outbox.ts';
import { RelayError, type RelayClient } from '../../../edge/mailbox/relay-client.ts';
import type { Identity } from '../../../edge/protocol/identity.ts';
import type { Db } from '../../../mobile/link/db.ts';
import { heardSchema } from '../../../mobile/link/heard.ts';
import { ownLock, type Lock } from '../../../mobile/link/lock.ts';
import { inboxStore, nextEpoch, outboxStore, Overtaken } from '../../../mobile/link/mailbox-store.ts';
import { notingDb } from '../../../mobile/link/noting-db.ts';
import { createBook, type Book } from '../../../mobile/state/book.ts';
import { createDesktops } from '../../../mobile/state/desktops.ts';
import { createDispatch, type NewTask } from '../../../mobile/state/dispatch.ts';
import { createDrafts } from '../../../mobile/state/drafts.ts';
import { createHearing } from '../../../mobile/state/hearing.ts';
import { Killed } from './mortal.ts';

/** A page of the app without account and screens, which may die at any await. Each call resolves with whether it still lives. */
export interface MortalPhone {
  readonly book: Book;
  write(text: string): Promise<boolean>;
  send(task: NewTask): Promise<boolean>;
  flush(): Promise<boolean>;
  look(): Promise<boolean>;
  /** What another tab's news lead to. */
  follow(): Promise<boolean>;
}

interface Options {
  readonly db: Db;
  readonly relay: RelayClient;
  readonly identity: Identity;
  /** Shared by all tabs of a phone. */
  readonly lock: Lock;
  readonly now: () => number;
}

/** Resolves with false once the page is dead. A lost request, and another tab that was faster, are its daily bread. */
async function lives(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof Killed) return false;
    if (error instanceof RelayError || error instanceof Overtaken) return true;
    throw error;
  }
}

export async function mortalPhone({ db: given, relay, identity, lock, now }: Options): Promise<MortalPhone> {
  const db = notingDb(given, () => undefined);
  const { kid, ek } = identity.device;
  const book = createBook(db);
  await book.load();
  const reading = ownLock();
  const refresh = (): Promise<void> => reading('book', book.follow);
  // What nobody waits for may die unheard.
  const quietly = (): void => void refresh().catch(() => undefined);
  const deps = { db, now, name: 'Pixel', neighbours: undefined } as never;
  const desktops = createDesktops({
    deps,
    book,
    relay: async () => relay,
    changed: () => undefined,
    refresh,
    post: () => undefined,
  });
  const hearing = createHearing({
    deps,
    book,
    refresh: async () => quietly(),
    headlines: [],
    sync: (kid) => desktops.sync(kid),
  });
  const dispatch = createDispatch({ deps, book, changed: refresh });
  const seconds = (): number => Math.floor(now() / 1000);
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
    write: (text) => lives(() => createDrafts(db).keep('new', { text, removed: [], added: [] })),
    send: (task) => lives(() => dispatch.send(task)),
    flush: () =>
      lives(() =>
        lock('outbox', () =>
          flushOutbox({ relay, store: outboxStore(db, quietly), identity: () => identity, now: seconds }),
        ),
      ),
    look: () =>
      lives(async () => {
        await lock('inbox', async () => drainInbox({ relay, receiver, epoch: await nextEpoch(db) }));
        await hearing.drained();
        await refresh();
      }),
    follow: () => lives(refresh),
  };
}
