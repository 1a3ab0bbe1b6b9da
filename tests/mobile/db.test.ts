import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Db } from '../../mobile/link/db.ts';
import { memoryDb } from '../../mobile/link/memory-db.ts';
import { sqliteDb } from '../../mobile/link/sqlite-db.ts';

/* IndexedDB keeps the same contract; the browser tests run on it. */
const makers: Record<string, () => { db: Db; end: () => void }> = {
  memory: () => ({ db: memoryDb(), end: () => undefined }),
  SQLite: () => {
    const folder = mkdtempSync(join(tmpdir(), 'errand-db-'));
    const db = sqliteDb(join(folder, 'phone.sqlite'));
    const end = (): void => {
      db.close();
      rmSync(folder, { recursive: true });
    };
    return { db, end };
  },
};

for (const [name, make] of Object.entries(makers)) {
  test(`${name}: a transaction that throws leaves nothing behind`, async () => {
    const { db, end } = make();
    const failing = db.write(async (tx) => {
      await tx.put('meta', 'a', 1);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await db.read((tx) => tx.get('meta', 'a'))).toBeUndefined();
    end();
  });

  test(`${name}: two transactions at once do not see each other's halves`, async () => {
    const { db, end } = make();
    const increment = (): Promise<void> =>
      db.write(async (tx) => {
        const value = Number((await tx.get('meta', 'n')) ?? 0);
        await tx.put('meta', 'n', value + 1);
      });
    await Promise.all(Array.from({ length: 20 }, increment));
    expect(await db.read((tx) => tx.get('meta', 'n'))).toBe(20);
    end();
  });

  test(`${name}: rows come in the order of their keys, by prefix`, async () => {
    const { db, end } = make();
    await db.write(async (tx) => {
      for (const key of ['b/2', 'a/9', 'b/1']) await tx.put('events', key, key);
    });
    expect(await db.read((tx) => tx.all('events', 'b/'))).toEqual(['b/1', 'b/2']);
    expect(await db.read((tx) => tx.all('events'))).toEqual(['a/9', 'b/1', 'b/2']);
    await db.write((tx) => tx.clear('events'));
    expect(await db.read((tx) => tx.all('events'))).toEqual([]);
    end();
  });
}
