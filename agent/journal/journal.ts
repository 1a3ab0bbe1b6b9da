import { Database } from 'bun:sqlite';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_CLOCK_AHEAD } from '../../edge/protocol/envelope.ts';
import type { Event } from '../../edge/protocol/event.ts';
import { JournalError } from './error.ts';
import { isDiskFull } from './full-disk.ts';
import { MIGRATIONS } from './schema.ts';
import { sweep } from './sweep.ts';

/** What a committed transaction changed, told to whoever watches. */
export type Change =
  | { readonly in: 'out' }
  | { readonly in: 'tasks' }
  | { readonly in: 'peers' }
  | { readonly in: 'settings' }
  /** A phone said something. */
  | { readonly in: 'heard' }
  | { readonly in: 'event'; readonly event: Event };

/**
 * The desktop's durable truth: one SQLite file, one writer. Every write happens inside `write`, which checks that this process
 * still owns the journal (its epoch), so that a process that was replaced while it slept changes nothing any more.
 */
export interface Journal {
  readonly db: Database;
  /** The data folder. */
  readonly folder: string;
  /** Grows by one with each opening. */
  readonly epoch: number;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** One transaction; inside another it joins that one. Throws {@link JournalError} 'journal.taken-over'. */
  write<T>(work: () => T): T;
  /** Inside `write`: watchers hear of it after the commit. */
  touch(change: Change): void;
  watch(listener: (change: Change) => void): () => void;
  close(): void;
}

interface Options {
  readonly folder: string;
  readonly now: () => number;
  /** A write failed because the disk takes nothing more, and nothing of it was kept: from now on nothing may be done. Must not throw. */
  readonly onFull?: () => void;
}

/** Opens, locks and migrates the journal in `folder`. Throws {@link JournalError} 'journal.locked' or 'journal.newer'. */
export function openJournal({ folder, now, onFull }: Options): Journal {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const unlock = lock(folder);
  try {
    const db = new Database(join(folder, 'journal.sqlite'), { create: true, strict: true });
    db.run('pragma journal_mode = wal');
    db.run('pragma synchronous = full');
    db.run('pragma foreign_keys = on');
    db.run('pragma busy_timeout = 5000');
    migrate(db);
    const epoch = nextEpoch(db, now);
    sweep(db, now());
    return journalOf({ db, folder, now, onFull, epoch, unlock });
  } catch (error) {
    unlock();
    throw error;
  }
}

/** SQLite's own lock on a second file: the system releases it when the process dies, however it dies. */
function lock(folder: string): () => void {
  const db = new Database(join(folder, 'journal.lock'), { create: true });
  try {
    db.run('begin exclusive');
  } catch {
    db.close();
    throw new JournalError('journal.locked');
  }
  return () => db.close();
}

function migrate(db: Database): void {
  const version = db.query<{ user_version: number }, []>('pragma user_version').get()?.user_version ?? 0;
  if (version > MIGRATIONS.length) throw new JournalError('journal.newer');
  MIGRATIONS.slice(version).forEach((sql, index) => {
    db.transaction(() => {
      db.run(sql);
      db.run(`pragma user_version = ${version + index + 1}`);
    })();
  });
}

/**
 * Also notes when the journal began: envelopes issued earlier are refused, so that a wiped journal cannot be replayed into. A phone's
 * clock may be behind, and this one may have run ahead that day.
 */
function nextEpoch(db: Database, now: () => number): number {
  return db.transaction(() => {
    db.query(
      `insert into meta values ('notBefore', $s) on conflict (key)
         do update set value = min(cast(value as integer), cast($s as integer))`,
    ).run({ s: String(Math.floor(now() / 1000) - MAX_CLOCK_AHEAD) });
    db.run(
      "insert into meta values ('epoch', '1') on conflict (key) do update set value = cast(cast(value as integer) + 1 as text)",
    );
    return storedEpoch(db);
  })();
}

function storedEpoch(db: Database): number {
  return Number(db.query<{ value: string }, []>("select value from meta where key = 'epoch'").get()?.value);
}

function journalOf(
  options: Omit<Options, 'onFull'> & { onFull: Options['onFull']; db: Database; epoch: number; unlock: () => void },
): Journal {
  const { db, folder, now, onFull, epoch, unlock } = options;
  const listeners = new Set<(change: Change) => void>();
  const changes: Change[] = [];

  function tell(): void {
    for (const change of changes.splice(0)) for (const listener of listeners) listener(change);
  }
  function transact<T>(work: () => T): T {
    db.run('begin immediate');
    try {
      if (storedEpoch(db) !== epoch) throw new JournalError('journal.taken-over');
      const result = work();
      db.run('commit');
      return result;
    } catch (error) {
      changes.length = 0;
      if (db.inTransaction) db.run('rollback');
      if (isDiskFull(error)) onFull?.();
      throw error;
    }
  }
  return {
    db,
    folder,
    now,
    epoch,
    write: (work) => {
      if (db.inTransaction) return work();
      const result = transact(work);
      tell();
      return result;
    },
    touch: (change) => void changes.push(change),
    watch: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => {
      db.close();
      unlock();
    },
  };
}
