import { afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../../supabase/local/postgres/connect.ts';
import type { Sql } from '../../../supabase/local/postgres/connect.ts';
import { prepareDatabase } from '../../../supabase/local/database.ts';
import { testStack } from '../../support/stack.ts';

setDefaultTimeout(60_000);

describe('migrations', () => {
  const cleanUps: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
  });

  const setUp = async (): Promise<{
    sql: Sql;
    write: (name: string, text: string) => void;
    apply: () => Promise<void>;
  }> => {
    const empty = mkdtempSync(join(tmpdir(), 'errand-migrations-'));
    const folder = mkdtempSync(join(tmpdir(), 'errand-migrations-'));
    const stack = await testStack({ migrationsDir: empty });
    const sql = connect(stack.databaseUrl, { max: 1 });
    cleanUps.push(async () => {
      await sql.end();
      await stack.stop();
      for (const path of [empty, folder]) rmSync(path, { recursive: true });
    });
    return {
      sql,
      write: (name, text) => writeFileSync(join(folder, name), text),
      apply: () => prepareDatabase(stack.databaseUrl, folder),
    };
  };

  test('are applied once each, in the order of their names, and recorded as the CLI does', async () => {
    const { sql, write, apply } = await setUp();
    write('0002_second.sql', 'create table public.b (a integer references public.a (id));');
    write(
      '0001_first.sql',
      'create table public.a (id integer primary key);\n-- a comment\ninsert into public.a values (1);',
    );
    await apply();
    await apply();
    write('0003_third.sql', 'insert into public.a values (2);');
    await apply();
    expect([...(await sql`select id from public.a order by id`)]).toEqual([{ id: 1 }, { id: 2 }]);
    const ledger = await sql`select version, name from supabase_migrations.schema_migrations order by version`;
    expect([...ledger]).toEqual([
      { version: '0001', name: 'first' },
      { version: '0002', name: 'second' },
      { version: '0003', name: 'third' },
    ]);
  });

  test("belong to hosted's role postgres, which is no superuser", async () => {
    const { sql, write, apply } = await setUp();
    write('0001_first.sql', 'create table public.a (id integer);');
    await apply();
    const [table] = await sql`select tableowner from pg_tables where tablename = 'a'`;
    expect(table?.tableowner).toBe('postgres');
    write('0002_second.sql', "copy public.a to program 'true';");
    await expect(apply()).rejects.toThrow('permission denied');
  });

  test('a failing one leaves nothing behind and says which it was', async () => {
    const { sql, write, apply } = await setUp();
    write('0001_first.sql', 'create table public.a (id integer); select 1 / 0;');
    await expect(apply()).rejects.toThrow('The migration 0001_first failed: division by zero');
    expect(await sql`select from pg_tables where tablename = 'a'`).toHaveLength(0);
  });

  test('one that changed after it was applied is an error that says so; other white space is no change', async () => {
    const { write, apply } = await setUp();
    write('0001_first.sql', 'create table public.a (id integer);');
    await apply();
    write('0001_first.sql', 'create table public.a (id integer)\n;\n');
    await apply();
    write('0001_first.sql', 'create table public.a (id bigint);');
    await expect(apply()).rejects.toThrow('was changed after this database applied it');
  });

  test("a file whose name is no migration's is an error", async () => {
    const { write, apply } = await setUp();
    write('notes.sql', 'select 1');
    await expect(apply()).rejects.toThrow('its name must be <number>_<name>.sql');
  });
});
