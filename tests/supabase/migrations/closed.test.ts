import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type Sql } from '../../../supabase/local/postgres/connect.ts';
import { newClient, owner } from '../../support/stack-people.ts';
import { testStack, type TestStack } from '../../support/stack.ts';
import { rows } from '../../support/rows.ts';

const migrationsDir = join(import.meta.dirname, '../../../supabase/migrations');

let stack: TestStack;
let sql: Sql;
beforeAll(async () => {
  stack = await testStack();
  ({ sql } = stack);
}, 60_000);
afterAll(() => stack.stop());

const files = readdirSync(migrationsDir).toSorted();
const tables = () => sql<{ name: string; enabled: boolean; forced: boolean }[]>`
  select format('%I.%I', n.nspname, c.relname) as name, c.relrowsecurity as enabled, c.relforcerowsecurity as forced
  from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
  where n.nspname in ('public', 'private') and c.relkind in ('r', 'p', 'v', 'm', 'f')`;
const functions = () => sql<{ name: string; definer: boolean; config: string | null; schema: string }[]>`
  select p.oid::regprocedure::text as name, p.prosecdef as definer, p.proconfig::text as config, n.nspname as schema
  from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
  where n.nspname in ('public', 'private')`;

describe('every table', () => {
  test('has row level security, forced, and lies where no client can reach', async () => {
    const all = await tables();
    expect(all.length).toBeGreaterThan(8);
    expect(all.filter(({ enabled, forced, name }) => !enabled || !forced || !name.startsWith('private.'))).toEqual([]);
  });

  test('has a restrictive policy for the second factor, and none that opens it', async () => {
    const policies = await sql<{ name: string; permissive: string; cmd: string; roles: string; qual: string }[]>`
      select format('%I.%I', schemaname, tablename) as name, permissive, cmd, roles::text, qual
      from pg_policies where schemaname in ('public', 'private')`;
    expect(policies.filter(({ permissive }) => permissive !== 'RESTRICTIVE')).toEqual([]);
    const guarded = policies.filter(
      ({ cmd, roles, qual }) => cmd === 'ALL' && roles === '{anon,authenticated}' && qual.includes("'aal2'"),
    );
    expect(guarded.map(({ name }) => name).toSorted()).toEqual((await tables()).map(({ name }) => name).toSorted());
  });

  test('is closed to clients by grant as well', async () => {
    const open = await rows(sql`
      select t.name, r.role, p.privilege
      from (select format('%I.%I', n.nspname, c.relname) as name, c.oid from pg_class as c
        join pg_namespace as n on n.oid = c.relnamespace where n.nspname in ('public', 'private') and c.relkind = 'r') as t,
        unnest(array['anon', 'authenticated']) as r (role),
        unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as p (privilege)
      where has_table_privilege(r.role, t.oid, p.privilege)`);
    expect(open).toEqual([]);
    const schema = await rows(sql`
      select role from unnest(array['anon', 'authenticated']) as r (role) where has_schema_privilege(role, 'private', 'usage')`);
    expect(schema).toEqual([]);
  });

  test('lets no client in even where a grant was forgotten', async () => {
    await sql
      .begin(async (tx) => {
        await tx`grant usage on schema private to authenticated`;
        await tx`grant all on private.devices to authenticated`;
        await tx`
          insert into auth.users (id, email, created_at, updated_at)
          values ('00000000-0000-4000-8000-000000000001', 'a@example.org', now(), now())`;
        await tx`
          insert into private.devices (kid, owner, kind, name, sig, ek, enc)
          values (${'k'.repeat(43)}, '00000000-0000-4000-8000-000000000001', 'phone', 'Pixel', '{}', 'e', '{}')`;
        const claims = { sub: '00000000-0000-4000-8000-000000000001', aal: 'aal2', role: 'authenticated' };
        await tx`select set_config('role', 'authenticated', true), set_config('request.jwt.claims', ${JSON.stringify(claims)}, true)`;
        expect(await rows(tx`select kid from private.devices`)).toEqual([]);
        expect((await tx`update private.devices set name = 'mine'`).count).toBe(0);
        expect((await tx`delete from private.devices`).count).toBe(0);
        const insert = tx.savepoint(
          (inner) => inner`insert into private.devices (kid, owner, kind, name, sig, ek, enc)
            values (${'j'.repeat(43)}, '00000000-0000-4000-8000-000000000001', 'phone', 'Pixel', '{}', 'e', '{}')`,
        );
        expect(await insert.catch((error: unknown) => error)).toMatchObject({ code: '42501' });
        throw new Error('undo');
      })
      .catch((error: unknown) => expect(error).toEqual(new Error('undo')));
  });
});

describe('every function', () => {
  test('fixes its search path, and only the doorbell runs with more rights than its caller', async () => {
    const all = await functions();
    expect(all.length).toBeGreaterThan(25);
    expect(all.filter(({ config }) => !config?.includes(String.raw`"search_path=\"\""`))).toEqual([]);
    expect(all.filter(({ definer }) => definer).map(({ name }) => name)).toEqual(['private.may_join(text)']);
  });

  test('is for the relay alone, but the question whether one may join', async () => {
    const open = await rows(sql`
      select p.oid::regprocedure::text as name, r.role
      from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace, unnest(array['anon', 'authenticated']) as r (role)
      where n.nspname in ('public', 'private') and has_function_privilege(r.role, p.oid, 'execute')`);
    expect(open).toEqual([{ name: 'private.may_join(text)', role: 'authenticated' }]);
    const shut = (await functions()).filter(({ name }) => !name.includes('may_join'));
    for (const { name } of shut) {
      const [row] = await sql`select has_function_privilege('service_role', ${name}::regprocedure, 'execute') as may`;
      expect([name, row?.['may']]).toEqual([name, true]);
    }
  });

  test('that is exposed answers no client, signed in or not', async () => {
    const someone = await owner(stack);
    for (const client of [newClient(stack), someone.client]) {
      const { error } = await client.rpc('relay_devices', { p_owner: someone.userId, p_here: 60 });
      expect(error?.code).toBe('42501');
      expect((await client.rpc('may_join', { topic: 'x' })).error?.code).toBe('PGRST202');
    }
  });

  test('made later without a word about rights is closed too', async () => {
    await sql
      .begin(async (tx) => {
        await tx`set local role postgres`;
        await tx`create function public.forgotten() returns int language sql as 'select 1'`;
        await tx`create table public.forgotten_too (id int)`;
        const [open] = await tx`
          select has_function_privilege('anon', 'public.forgotten()', 'execute') as run,
            has_table_privilege('authenticated', 'public.forgotten_too', 'select') as read`;
        expect(open).toEqual({ run: false, read: false });
        throw new Error('undo');
      })
      .catch((error: unknown) => expect(error).toEqual(new Error('undo')));
  });
});

describe('the files', () => {
  // A right on a database is no part of it: the copy that tests run on has lost it.
  beforeAll(async () => {
    const [own] = await sql<{ name: string }[]>`select current_database() as name`;
    await sql`grant create on database ${sql(own?.name ?? '')} to postgres`;
  });

  test.each(files)('%s is lower case, says what it is for, and can be applied twice', async (file) => {
    const text = readFileSync(join(migrationsDir, file), 'utf8');
    expect(text).toStartWith('-- ');
    const code = text
      .replaceAll(/--.*$/gm, '')
      .replaceAll(/'[^']*'/g, '')
      .replaceAll(/"[^"]*"/g, '');
    expect(code.match(/\b(SELECT|CREATE|TABLE|FROM|WHERE|GRANT|REVOKE)\b/g)).toBeNull();
    const again = connect(stack.databaseUrl, { max: 1 });
    try {
      await again.begin(async (tx) => {
        await tx`set local role postgres`;
        await tx.unsafe(text).simple();
      });
    } finally {
      await again.end();
    }
  });
});
