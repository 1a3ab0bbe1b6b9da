import type { RelayClient } from '../../edge/mailbox/relay-client.ts';
import type { Headline } from '../../edge/protocol/down.ts';
import type { Db } from '../link/db.ts';
import { markUnheard } from '../link/keep-trust.ts';
import { ownLock } from '../link/lock.ts';
import { createBook, type Book } from './book.ts';
import type { PhoneDeps } from './deps.ts';
import { createCodes, type Codes } from './codes.ts';
import { createDesktops, type Desktops } from './desktops.ts';
import { createErrands, type Errands } from './errands.ts';
import { createHearing } from './hearing.ts';
import { createPairing, type Pairing } from './pairing.ts';
import { createPost, type Post } from './post.ts';
import type { LineView } from './view.ts';
import { createWires, type Wires } from './wires.ts';

/** What a phone is made of, wired to each other. */
export interface Parts {
  readonly wires: Wires;
  readonly book: Book;
  readonly codes: Codes;
  readonly post: Post;
  readonly pairing: Pairing;
  readonly errands: Errands;
  readonly desktops: Desktops;
  /** Reads everything there is. */
  readonly load: () => Promise<void>;
  /** Reads what changed and shows it. */
  readonly refresh: () => Promise<void>;
}

interface PartsOptions {
  readonly deps: PhoneDeps;
  readonly emit: () => void;
  readonly factorWanted: () => void;
  /** There are keys and a desktop now. */
  readonly paired: () => Promise<void>;
  readonly sessionDoubted: () => Promise<void>;
  /** The newest headlines that were pulled. */
  readonly headlines: Headline[];
}

export function createParts({ deps, emit, headlines, ...hooks }: PartsOptions): Parts {
  const book = createBook(deps.db);
  const wires = createWires(deps);
  const relay = async (): Promise<RelayClient> => (await wires.get()).relay;

  const reading = ownLock();
  let next: Promise<void> | undefined;
  /** However often it is asked for, one reading is under way and at most one waits. */
  function refresh(): Promise<void> {
    next ??= reading('book', async () => {
      next = undefined;
      await book.follow();
      emit();
    });
    return next;
  }
  const { heard, drained } = createHearing({ deps, book, refresh, headlines, sync: (kid) => desktops.sync(kid) });
  const settled = (): void => void refresh();
  const post = createPost({
    deps,
    wires,
    heard,
    drained,
    refresh,
    settled,
    sessionDoubted: hooks.sessionDoubted,
    lineChanged: () => heedLine(post.line(), { db: deps.db, emit, refresh }),
    looked: async () => {
      await errands.finishWithdrawals();
      await desktops.renew();
    },
  });
  const desktops = createDesktops({ deps, book, relay, changed: emit, refresh, post: post.kickOut });
  const errands = createErrands({
    deps,
    book,
    relay,
    changed: async () => {
      await refresh();
      post.kickOut();
    },
  });
  const pairing = createPairing({
    deps,
    wires,
    changed: emit,
    factorWanted: hooks.factorWanted,
    paired: async () => {
      await refresh();
      await hooks.paired();
    },
  });
  const codes = createCodes({ deps, relay, changed: emit });
  async function load(): Promise<void> {
    await wires.load();
    await codes.load();
    await reading('book', book.load);
  }
  return { wires, book, codes, post, pairing, errands, desktops, load, refresh };
}

/** Shows the line. A phone that the relay does not know any more was revoked: what it sent is not heard of here. */
function heedLine(
  line: LineView,
  { db, emit, refresh }: { db: Db; emit: () => void; refresh: () => Promise<void> },
): void {
  emit();
  if (line.is !== 'refused' || line.why !== 'device.unknown') return;
  // What cannot be noted just now is noted when the line changes again.
  void db.write(markUnheard).then(refresh, () => undefined);
}
