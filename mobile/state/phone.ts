import type { Headline } from '../../edge/protocol/down.ts';
import type { PushSubscription } from '../../edge/protocol/http.ts';
import { META, readMeta, writeMeta } from '../link/meta.ts';
import { notingDb } from '../link/noting-db.ts';
import { createAccess, type Access } from './access.ts';
import type { Codes } from './codes.ts';
import type { News, PhoneDeps } from './deps.ts';
import type { Desktops } from './desktops.ts';
import { createDrafts, type Drafts } from './drafts.ts';
import type { Errands } from './errands.ts';
import type { Pairing } from './pairing.ts';
import { createParts, type Parts } from './parts.ts';
import type { PhoneView } from './view.ts';

/** A phone without a screen: signs in, pairs, sends, hears. All calls reject with PhoneFault or RelayError only. */
export interface Phone {
  /** Reads what is stored and shows it, then goes on with what was interrupted. Resolves once there is something to show. */
  start(): Promise<void>;
  stop(): Promise<void>;
  view(): PhoneView;
  subscribe(listener: (view: PhoneView) => void): () => void;
  /** Sends and pulls now: after waking, or when the network came back. */
  kick(): void;
  /** Without `start`: pulls once and resolves with the headlines that came. What a service worker has to show. */
  pull(): Promise<readonly Headline[]>;
  readonly account: Access['account'];
  readonly codes: Pick<Codes, 'look' | 'make' | 'settle'>;
  readonly pairing: Pick<Pairing, 'open' | 'cancel' | 'reads'>;
  readonly errands: Errands;
  readonly drafts: Drafts;
  readonly desktops: Pick<Desktops, 'list' | 'revoke' | 'set' | 'sync'>;
  readonly push: {
    /** The relay's key for subscriptions; undefined when it sends none. */
    key(): string | undefined;
    register(subscription: PushSubscription): Promise<void>;
  };
}

export function createPhone(given: PhoneDeps): Phone {
  const db = notingDb(given.db, () => given.neighbours?.tell({ is: 'changed' }));
  const deps: PhoneDeps = { ...given, db };
  const listeners = new Set<(view: PhoneView) => void>();
  const headlines: Headline[] = [];
  function emit(): void {
    const next = viewOf(parts, access);
    for (const listener of listeners) listener(next);
  }
  const parts = createParts({
    deps,
    emit,
    headlines,
    factorWanted: () => access.wantFactor(),
    paired: () => access.read(),
    sessionDoubted: () => access.doubt(),
  });
  const access = createAccess(deps, parts, emit);
  const { wires, post, pairing, errands, desktops } = parts;
  const stopListening = deps.neighbours?.listen((news) => void hear(news, { parts, access, emit }));
  return {
    start: async () => {
      await parts.load();
      await access.read();
    },
    stop: async () => {
      stopListening?.();
      pairing.pause();
      await post.stop();
      wires.stop();
    },
    view: () => viewOf(parts, access),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    kick: post.kick,
    pull: async () => {
      await parts.load();
      await post.drain();
      return headlines.splice(0);
    },
    account: access.account,
    codes: parts.codes,
    pairing,
    errands,
    drafts: createDrafts(db),
    desktops,
    push: pushOf(deps, parts),
  };
}

/** What another tab of this phone did. */
async function hear(
  news: News,
  { parts, access, emit }: { parts: Parts; access: Access; emit: () => void },
): Promise<void> {
  const { book, post } = parts;
  if (news.is === 'live') {
    book.live(news.task, news.text);
    return emit();
  }
  const alone = book.peers().length === 0;
  await parts.refresh();
  await access.follow();
  // Paired there: there is somebody to talk to now.
  if (alone && book.peers().length > 0) post.kick();
}

function pushOf(deps: PhoneDeps, { wires }: Parts): Phone['push'] {
  return {
    key: () => wires.known()?.place.vapidPublicKey ?? undefined,
    register: async (subscription) => {
      if ((await readMeta(deps.db, META.push)) === subscription.endpoint) return;
      await (await wires.get()).relay.putPush(subscription);
      await writeMeta(deps.db, META.push, subscription.endpoint);
    },
  };
}

function viewOf({ book, codes, pairing, post, desktops }: Parts, access: Access): PhoneView {
  return {
    ...access.view(),
    codes: codes.view(),
    link: pairing.waiting(),
    pairing: pairing.view(),
    line: post.line(),
    desktops: desktops.view(),
    threads: book.threads(),
    devices: desktops.rows(),
  };
}
