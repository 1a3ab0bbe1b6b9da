import * as z from 'zod/mini';
import type { Db, TableName, Tx } from './db.ts';
import { nextNumber } from './meta.ts';

/** How many of the newest changes are remembered: whoever missed more reads everything again. */
const KEPT = 256;

const changeSchema = z.object({ rev: z.int(), tasks: z.array(z.string()) });

/** `everything`: what changed cannot be told any more. */
export interface Changes {
  readonly rev: number;
  readonly tasks: readonly string[] | 'everything';
}

/** What a transaction did that others want to know. */
interface Noted {
  readonly tasks: Set<string>;
  shown: boolean;
}

/**
 * The same database, in which each transaction notes the tasks it touched. A tab that is killed after it stored something, and before
 * it could tell anybody, so leaves word for the others. `changed` is called after each commit of something that screens show.
 */
export function notingDb(db: Db, changed: () => void): Db {
  return {
    read: (work) => db.read(work),
    write: async (work) => {
      const noted: Noted = { tasks: new Set(), shown: false };
      const value = await db.write(async (tx) => {
        const done = await work(watched(tx, noted));
        if (noted.tasks.size > 0) await note(tx, [...noted.tasks]);
        return done;
      });
      if (noted.shown) changed();
      return value;
    },
  };
}

function watched(tx: Tx, noted: Noted): Tx {
  function touch(table: TableName, key: string): void {
    if (table === 'tasks' || table === 'events') noted.tasks.add(key.split('/')[0] ?? '');
    noted.shown ||= isShown(table, key);
  }
  return {
    get: (table, key) => tx.get(table, key),
    all: (table, prefix) => tx.all(table, prefix),
    put: (table, key, value) => {
      touch(table, key);
      return tx.put(table, key, value);
    },
    delete: (table, key) => {
      touch(table, key);
      return tx.delete(table, key);
    },
    clear: (table) => {
      touch(table, '');
      return tx.clear(table);
    },
  };
}

/** Of the single values only the session and the keys are on screens. */
function isShown(table: TableName, key: string): boolean {
  if (table === 'meta') return key === '' || key === 'keys' || key.startsWith('auth:');
  return table !== 'known' && table !== 'outbox';
}

async function note(tx: Tx, tasks: readonly string[]): Promise<void> {
  const rev = await nextNumber(tx, 'rev');
  await tx.put('meta', `change/${rev % KEPT}`, { rev, tasks });
}

/** What changed after `rev`. */
export async function changesSince(tx: Tx, rev: number): Promise<Changes> {
  const last = await tx.get('meta', 'rev');
  const now = typeof last === 'number' ? last : 0;
  if (now === rev) return { rev, tasks: [] };
  // A phone that forgot everything counts from the beginning again.
  if (now < rev || now - rev > KEPT) return { rev: now, tasks: 'everything' };
  const changes = (await tx.all('meta', 'change/')).map((row) => changeSchema.parse(row));
  const tasks = changes.filter((change) => change.rev > rev).flatMap((change) => change.tasks);
  return { rev: now, tasks: tasks.includes('') ? 'everything' : [...new Set(tasks)] };
}
