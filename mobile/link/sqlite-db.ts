import { Database } from 'bun:sqlite';
import type { Db, Tx } from './db.ts';

/** A paired terminal's data in one file. Values must be JSON, so the keys of a terminal are kept elsewhere. */
export function sqliteDb(file: string): Db & { close(): void } {
  const database = new Database(file, { create: true, strict: true });
  database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000;');
  database.exec(
    'create table if not exists row (tbl text, key text, value text not null, primary key (tbl, key)) without rowid',
  );
  const tx = txOver(database);
  let last: Promise<unknown> = Promise.resolve();

  function inTurn<T>(begin: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    const run = async (): Promise<T> => {
      database.exec(begin);
      try {
        const value = await work(tx);
        database.exec('commit');
        return value;
      } catch (error) {
        database.exec('rollback');
        throw error;
      }
    };
    const mine = last.then(run, run);
    last = mine.catch(() => undefined);
    return mine;
  }
  return {
    read: (work) => inTurn('begin', work),
    write: (work) => inTurn('begin immediate', work),
    close: () => database.close(),
  };
}

function txOver(database: Database): Tx {
  const get = database.query<{ value: string }, [string, string]>('select value from row where tbl = ? and key = ?');
  const all = database.query<{ value: string }, [string, string, string]>(
    'select value from row where tbl = ? and key >= ? and key < ? order by key',
  );
  const put = database.query('insert or replace into row (tbl, key, value) values (?, ?, ?)');
  const remove = database.query('delete from row where tbl = ? and key = ?');
  const clear = database.query('delete from row where tbl = ?');
  const read = (text: string): unknown => JSON.parse(text);
  return {
    get: async (table, key) => {
      const row = get.get(table, key);
      return row ? read(row.value) : undefined;
    },
    all: async (table, prefix = '') => all.all(table, prefix, `${prefix}\uffff`).map((row) => read(row.value)),
    put: async (table, key, value) => void put.run(table, key, JSON.stringify(value)),
    delete: async (table, key) => void remove.run(table, key),
    clear: async (table) => void clear.run(table),
  };
}
