import { TABLES, type Db, type TableName, type Tx } from './db.ts';

type Rows = Map<TableName, Map<string, unknown>>;

/** A phone's data for as long as the process lives. */
export function memoryDb(): Db {
  let rows: Rows = new Map(TABLES.map((name) => [name, new Map<string, unknown>()]));
  let last: Promise<unknown> = Promise.resolve();

  function inTurn<T>(run: () => Promise<T>): Promise<T> {
    const mine = last.then(run, run);
    last = mine.catch(() => undefined);
    return mine;
  }
  return {
    read: (work) => inTurn(() => work(txOver(rows))),
    write: (work) =>
      inTurn(async () => {
        const draft: Rows = new Map([...rows].map(([name, table]) => [name, new Map(table)]));
        const value = await work(txOver(draft));
        rows = draft;
        return value;
      }),
  };
}

function txOver(rows: Rows): Tx {
  const table = (name: TableName): Map<string, unknown> => rows.get(name) ?? new Map();
  return {
    get: async (name, key) => table(name).get(key),
    all: async (name, prefix = '') =>
      [...table(name)]
        .filter(([key]) => key.startsWith(prefix))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, value]) => value),
    put: async (name, key, value) => void table(name).set(key, structuredClone(value)),
    delete: async (name, key) => void table(name).delete(key),
    clear: async (name) => table(name).clear(),
  };
}
