import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { prepareDatabase } from '../../../supabase/local/database.ts';
import { connect } from '../../../supabase/local/postgres/connect.ts';
import { rows } from '../../support/rows.ts';
import { testStack, type TestStack } from '../../support/stack.ts';
import { settle } from './promises/people.ts';

const migrationsDir = join(import.meta.dirname, '../../../supabase/migrations');
const files = readdirSync(migrationsDir).toSorted();
const textOf = (file: string): string => readFileSync(join(migrationsDir, file), 'utf8');

let stack: TestStack;
beforeAll(async () => {
  stack = await testStack();
  await stack.sql.begin(settle);
  // A right on a database is no part of it: the copy that tests run on has lost it.
  const [own] = await stack.sql<{ name: string }[]>`select current_database() as name`;
  await stack.sql`grant create on database ${stack.sql(own?.name ?? '')} to postgres`;
}, 60_000);
afterAll(() => stack.stop());

test.each(files)('%s is lower case, says what it is for, and is named after its place', (file) => {
  expect(file).toMatch(/^\d{14}_[a-z_]+\.sql$/);
  const text = textOf(file);
  expect(text).toStartWith('-- ');
  const code = text
    .replaceAll(/--.*$/gm, '')
    .replaceAll(/'[^']*'/g, '')
    .replaceAll(/"[^"]*"/g, '');
  expect(code.match(/\b(SELECT|CREATE|TABLE|FROM|WHERE|GRANT|REVOKE)\b/g)).toBeNull();
});

const SHAPE = `
  select 'table' as kind, concat(c.oid::regclass, ' ', c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity) as name, c.relacl::text as detail
  from pg_class as c where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
  union all
  select 'column', concat(a.attrelid::regclass, '.', a.attname), concat(format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attstorage,
    (select pg_get_expr(d.adbin, d.adrelid) from pg_attrdef as d where d.adrelid = a.attrelid and d.adnum = a.attnum), a.attacl::text)
  from pg_attribute as a join pg_class as c on c.oid = a.attrelid
  where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and a.attnum > 0
  union all
  select 'constraint', concat(conrelid::regclass, '.', conname), pg_get_constraintdef(oid) from pg_constraint
  where connamespace in ('public'::regnamespace, 'private'::regnamespace)
  union all
  select 'index', indexname, indexdef from pg_indexes where schemaname in ('public', 'private')
  union all
  select 'policy', concat(schemaname, '.', tablename, '.', policyname), concat(permissive, roles, cmd, qual, with_check) from pg_policies
  union all
  select 'trigger', concat(tgrelid::regclass, '.', tgname), pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
  union all
  select 'function', oid::regprocedure::text, concat(pg_get_functiondef(oid), proacl::text) from pg_proc
  where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
  union all
  select 'schema', nspname, nspacl::text from pg_namespace where nspname in ('public', 'private')
  union all
  select 'default', concat(defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype), defaclacl::text from pg_default_acl
  order by 1, 2`;

const shape = (): Promise<unknown[]> => rows(stack.sql.unsafe(SHAPE));

async function contents(): Promise<unknown[]> {
  const names = await stack.sql<{ name: string }[]>`
    select oid::regclass::text as name from pg_class where relnamespace = 'private'::regnamespace and relkind = 'r' order by 1`;
  const all: unknown[] = [];
  for (const { name } of names) {
    all.push(name, ...(await rows(stack.sql.unsafe(`select to_json(t)::text as row from ${name} as t order by 1`))));
  }
  return all;
}

test('a start on a database that has them all applies none, and changes nothing', async () => {
  const before = [await shape(), await contents()];
  const applied = () => rows(stack.sql`select version from supabase_migrations.schema_migrations order by 1`);
  const versions = await applied();
  expect(versions).toHaveLength(files.length);
  await prepareDatabase(stack.databaseUrl, migrationsDir);
  expect(await applied()).toEqual(versions);
  expect([await shape(), await contents()]).toEqual(before);
});

test('all of them applied once more by hand, in their order, change nothing', async () => {
  const before = [await shape(), await contents()];
  expect(JSON.stringify(before).length).toBeGreaterThan(20_000);
  const again = connect(stack.databaseUrl, { max: 1 });
  try {
    for (const file of files) {
      await again.begin(async (tx) => {
        await tx`set local role postgres`;
        await tx.unsafe(textOf(file)).simple();
      });
    }
  } finally {
    await again.end();
  }
  expect([await shape(), await contents()]).toEqual(before);
});
