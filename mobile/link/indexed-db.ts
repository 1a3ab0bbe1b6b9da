import { TABLES, type Db, type Tx } from './db.ts';
import { PhoneFault } from './fault.ts';

const VERSION = 1;

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB failed'));
  });
}

function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('IndexedDB gave up the transaction'));
  });
}

async function open(factory: IDBFactory, name: string): Promise<IDBDatabase> {
  const request = factory.open(name, VERSION);
  request.onupgradeneeded = () => {
    for (const table of TABLES) {
      if (!request.result.objectStoreNames.contains(table)) request.result.createObjectStore(table);
    }
  };
  return settled(request);
}

/**
 * The phone's data in the browser, shared by page, tabs and service worker. Rejects with `phone.storage` where the browser keeps
 * nothing: some private windows, blocked storage, a broken profile; with `phone.updated` where a newer version of the app was.
 */
export async function indexedDb(factory: IDBFactory, name = 'errand'): Promise<Db> {
  let opened: Promise<IDBDatabase> | undefined;

  async function connect(): Promise<IDBDatabase> {
    const database = await open(factory, name).catch((error: unknown) => {
      opened = undefined;
      const newer = error instanceof DOMException && error.name === 'VersionError';
      throw new PhoneFault(newer ? 'phone.updated' : 'phone.storage', String(error));
    });
    const forget = (): void => {
      opened = undefined;
    };
    // A newer version of the app in another tab must not wait for this one.
    database.onversionchange = () => {
      database.close();
      forget();
    };
    // The browser took the data away under the app: cleared by hand, or for room. What is there now is opened at the next need.
    database.onclose = forget;
    return database;
  }
  const database = (): Promise<IDBDatabase> => (opened ??= connect());

  async function run<T>(mode: IDBTransactionMode, work: (tx: Tx) => Promise<T>): Promise<T> {
    const transaction = (await database()).transaction(TABLES, mode, { durability: 'strict' });
    const done = committed(transaction);
    try {
      const value = await work(txOver(transaction));
      await done;
      return value;
    } catch (error) {
      done.catch(() => undefined);
      if (transaction.error !== null) throw transaction.error;
      abortQuietly(transaction);
      throw error;
    }
  }
  await database();
  return { read: (work) => run('readonly', work), write: (work) => run('readwrite', work) };
}

/** A transaction that is over already has nothing left to undo. */
function abortQuietly(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    return;
  }
}

function txOver(transaction: IDBTransaction): Tx {
  return {
    get: (table, key) => settled(transaction.objectStore(table).get(key)),
    all: (table, prefix = '') =>
      settled(transaction.objectStore(table).getAll(IDBKeyRange.bound(prefix, `${prefix}\uffff`))),
    put: async (table, key, value) => void (await settled(transaction.objectStore(table).put(value, key))),
    delete: (table, key) => settled(transaction.objectStore(table).delete(key)),
    clear: (table) => settled(transaction.objectStore(table).clear()),
  };
}
