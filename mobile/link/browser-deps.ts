import * as z from 'zod/mini';
import { patient } from '../../edge/mailbox/patient.ts';
import type { Neighbours, News, PhoneDeps } from '../state/deps.ts';
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

/** Another tab may run another version of the app: what this one does not know is no news. */
const newsSchema: z.ZodMiniType<News> = z.discriminatedUnion('is', [
  z.object({ is: z.literal('changed') }),
  z.object({ is: z.literal('live'), task: z.string(), text: z.string() }),
]);

/** Pages of one phone tell each other what changed. */
function neighbours(): Neighbours {
  const channel = new BroadcastChannel('errand');
  return {
    tell: (news) => channel.postMessage(news),
    listen: (told) => {
      channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
        const news = newsSchema.safeParse(data);
        if (news.success) told(news.data);
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
    fetch: patient((input, init) => scope.fetch(input, init)),
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
