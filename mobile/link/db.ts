/** Everything a phone keeps. `meta` holds single values, the others one row per key. */
export const TABLES = ['meta', 'peers', 'known', 'outbox', 'tasks', 'events', 'seen'] satisfies readonly TableName[];
export type TableName = 'meta' | 'peers' | 'known' | 'outbox' | 'tasks' | 'events' | 'seen';

/** One transaction. Keys are text; `all` answers in the order of keys. */
export interface Tx {
  get(table: TableName, key: string): Promise<unknown>;
  /** The values whose keys begin with `prefix`. */
  all(table: TableName, prefix?: string): Promise<readonly unknown[]>;
  put(table: TableName, key: string, value: unknown): Promise<void>;
  delete(table: TableName, key: string): Promise<void>;
  clear(table: TableName): Promise<void>;
}

/**
 * What a phone's stores stand on: IndexedDB, SQLite or memory. Values are structured-cloneable. `write` is atomic and durable once
 * it resolves. `work` may await nothing but the transaction's own calls: IndexedDB commits as soon as anything else is awaited.
 */
export interface Db {
  read<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

/** Numbers as keys that sort as numbers do. */
export const orderedKey = (value: number): string => value.toString().padStart(12, '0');
