import type { Neighbours, PhoneDeps } from '../state/deps.ts';
import type { Fetch } from './fetch.ts';
import { indexedDb } from './indexed-db.ts';
import { keysIn } from './keys.ts';
import { webLock } from './lock.ts';

/** What a page and its service worker have in common. */
interface BrowserScope {
  readonly indexedDB: IDBFactory;
  readonly navigator: { readonly locks: LockManager; readonly onLine: boolean };
  readonly location: { readonly origin: string };
  readonly fetch: Fetch;
}

/** Pages of one phone tell each other what changed. */
function neighbours(): Neighbours {
  const channel = new BroadcastChannel('errand');
  return {
    tell: (tasks) => channel.postMessage(tasks),
    listen: (told) => {
      channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
        if (Array.isArray(data)) told(data.map(String));
      });
      return () => channel.close();
    },
  };
}

/** A phone's effects in a browser. */
export async function browserDeps(scope: BrowserScope, own: Pick<PhoneDeps, 'name' | 'listen'>): Promise<PhoneDeps> {
  const db = await indexedDb(scope.indexedDB);
  return {
    ...own,
    db,
    keys: keysIn(db),
    relayUrl: `${scope.location.origin}/functions/v1/relay`,
    fetch: (input, init) => scope.fetch(input, init),
    now: Date.now,
    setTimer: (run, ms) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    lock: webLock(scope.navigator.locks),
    extractable: false,
    neighbours: neighbours(),
    online: () => scope.navigator.onLine,
  };
}
