import type { Db } from '../link/db.ts';
import type { Fetch } from '../link/fetch.ts';
import type { KeyStore } from '../link/keys.ts';
import type { Lock } from '../link/lock.ts';
import type { PokeOptions } from '../link/pokes.ts';

/** `changed`: the database has something new. `live`: words that are being written, which are not kept anywhere. */
export type News = { readonly is: 'changed' } | { readonly is: 'live'; readonly task: string; readonly text: string };

/** How pages of one phone, and its service worker, tell each other what happened. */
export interface Neighbours {
  tell(news: News): void;
  listen(told: (news: News) => void): () => void;
}

/** Everything a phone touches. The app, the service worker, a terminal and the tests each bring their own. */
export interface PhoneDeps {
  /** The relay that serves the app, e.g. `https://host/functions/v1/relay`. A pairing link may name another. */
  readonly relayUrl: string;
  readonly db: Db;
  readonly keys: KeyStore;
  readonly fetch: Fetch;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly setTimer: (run: () => void, ms: number) => () => void;
  readonly lock: Lock;
  /** What the desktop calls this phone. */
  readonly name: string;
  /** Keys may be exported: only where they must be written to a file. */
  readonly extractable: boolean;
  readonly listen: (options: PokeOptions) => Promise<() => Promise<void>>;
  readonly neighbours?: Neighbours;
  /** False when there is certainly no network: nothing is sealed or sent then, and so can still be taken back. */
  readonly online?: () => boolean;
}
