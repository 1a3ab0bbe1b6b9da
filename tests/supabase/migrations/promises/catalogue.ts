import { expect } from 'bun:test';
import { rows } from '../../../support/rows.ts';
import type { Promised, Tx } from './promise.ts';

/** The one function that a client's own rights run: Realtime asks it. */
export const DOORBELL = 'private.may_join(text)';
export const GUARD = "((( SELECT auth.jwt() AS jwt) ->> 'aal'::text) = 'aal2'::text)";

export interface Table {
  readonly name: string;
  readonly kind: string;
  readonly enabled: boolean;
  readonly forced: boolean;
  /** One that may be set. */
  readonly column: string;
}

export const tables = (tx: Tx): Promise<Table[]> => tx<Table[]>`
  select c.oid::regclass::text as name, c.relkind as kind, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
    (select a.attname from pg_attribute as a where a.attrelid = c.oid and a.attnum > 0 and a.attidentity = '' order by a.attnum limit 1)
      as column
  from pg_class as c where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
    and c.relkind in ('r', 'p', 'v', 'm', 'f') order by 1`;

export interface Func {
  readonly name: string;
  readonly definer: boolean;
  /** Its search path is empty, whoever calls. */
  readonly fixed: boolean;
}

export const functions = (tx: Tx): Promise<Func[]> => tx<Func[]>`
  select p.oid::regprocedure::text as name, p.prosecdef as definer, coalesce('search_path=""' = any (p.proconfig), false) as fixed
  from pg_proc as p where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace) order by 1`;

export const sequences = (tx: Tx): Promise<{ name: string }[]> => tx<{ name: string }[]>`
  select c.oid::regclass::text as name from pg_class as c
  where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind = 'S' order by 1`;

/** Everybody, and the two roles that calls from outside run as. */
const CLIENTS = `(0, 'anon'::regrole::oid, 'authenticated'::regrole::oid)`;

const none = async (tx: Tx, query: string): Promise<void> => expect(await rows(tx.unsafe(query))).toEqual([]);

const reads = (sentence: string, holds: Promised['holds']): Promised => ({ sentence, attack: false, holds });

export const ENABLED = reads('every table has row level security, enabled and forced', async (tx) => {
  const all = await tables(tx);
  expect(all.length).toBeGreaterThan(8);
  expect(all.filter(({ enabled, forced }) => !enabled || !forced)).toEqual([]);
});

export const PRIVATE = reads('every table lies in schema private, and nothing but tables', async (tx) => {
  expect((await tables(tx)).filter(({ name, kind }) => kind !== 'r' || !name.startsWith('private.'))).toEqual([]);
});

export const RESTRICTIVE = reads('every table asks for the second factor, whatever else is allowed', async (tx) => {
  const guarded = await tx<{ name: string }[]>`
    select format('%I.%I', schemaname, tablename) as name from pg_policies
    where permissive = 'RESTRICTIVE' and cmd = 'ALL' and roles = '{anon,authenticated}' and qual = ${GUARD}
      and (with_check is null or with_check = ${GUARD}) order by 1`;
  expect(guarded.map(({ name }) => name)).toEqual((await tables(tx)).map(({ name }) => name));
});

export const NO_OPENING = reads('no policy of a table lets a client in', (tx) =>
  none(tx, `select * from pg_policies where schemaname in ('public', 'private') and permissive <> 'RESTRICTIVE'`),
);

export const NO_GRANT = reads('no table, column or sequence is granted to a client', async (tx) => {
  const own = `c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)`;
  await none(
    tx,
    `select c.oid::regclass, a.* from pg_class as c, aclexplode(c.relacl) as a where ${own} and a.grantee in ${CLIENTS}
     union all
     select c.oid::regclass, x.* from pg_class as c join pg_attribute as t on t.attrelid = c.oid, aclexplode(t.attacl) as x
     where ${own} and x.grantee in ${CLIENTS}`,
  );
});

export const NO_EXECUTE = reads('no client may execute a function, but ask whether it may join', async (tx) => {
  const open = await rows(
    tx.unsafe(`
      select p.oid::regprocedure::text as name, a.grantee::regrole::text as grantee
      from pg_proc as p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
      where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace) and a.grantee in ${CLIENTS}`),
  );
  expect(open).toEqual([{ name: DOORBELL, grantee: 'authenticated' }]);
});

export const SERVICE = reads('the relay may execute every function', async (tx) => {
  expect((await functions(tx)).length).toBeGreaterThan(25);
  await none(
    tx,
    `select p.oid::regprocedure from pg_proc as p where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
       and p.oid <> '${DOORBELL}'::regprocedure and not has_function_privilege('service_role', p.oid, 'execute')`,
  );
});

export const SEARCH_PATH = reads('every function fixes its search path to nothing', async (tx) => {
  const loose = (await functions(tx)).filter(({ fixed }) => !fixed);
  expect(loose.map(({ name }) => name)).toEqual([]);
});

export const DEFINER = reads("only the doorbell runs with its owner's rights", async (tx) => {
  const definers = (await functions(tx)).filter(({ definer }) => definer);
  expect(definers.map(({ name }) => name)).toEqual([DOORBELL]);
});

export const OWNED = reads("everything is owned by hosted's role postgres, which is no superuser", (tx) =>
  none(
    tx,
    `select oid::regclass::text from pg_class where relnamespace in ('public'::regnamespace, 'private'::regnamespace)
       and relkind in ('r', 'S', 'v', 'm') and relowner <> 'postgres'::regrole
     union all
     select oid::regprocedure::text from pg_proc where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
       and proowner <> 'postgres'::regrole`,
  ),
);

export const SCHEMAS = reads('schema private is closed to clients, and in no schema may they make anything', (tx) =>
  none(
    tx,
    `select n.nspname, a.* from pg_namespace as n, aclexplode(n.nspacl) as a where a.grantee in ${CLIENTS}
       and (n.nspname = 'private' or a.privilege_type = 'CREATE') and n.nspname !~ '^pg_temp'`,
  ),
);

export const ROLES = reads('a client’s role is bound by policies, and a member of no other', (tx) =>
  none(
    tx,
    `select rolname from pg_roles where rolname in ('anon', 'authenticated')
       and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)
     union all
     select member::regrole::text from pg_auth_members where member in ('anon'::regrole, 'authenticated'::regrole)`,
  ),
);

export const LATER = reads('what a later migration makes without a word about rights is closed too', async (tx) => {
  await tx`set local role postgres`;
  for (const schema of ['public', 'private']) {
    await tx.unsafe(`
      create function ${schema}.later() returns int language sql as 'select 1';
      create table ${schema}.later_table (id int generated always as identity, name text);
      create view ${schema}.later_view as select 1 as one;`);
  }
  await tx`reset role`;
  const open = await rows(
    tx.unsafe(`
      select p.oid::regprocedure::text as name, a.grantee
      from pg_proc as p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
      where p.proname = 'later' and a.grantee in ${CLIENTS}
      union all
      select c.oid::regclass::text, a.grantee from pg_class as c, aclexplode(c.relacl) as a
      where c.relname like 'later%' and a.grantee in ${CLIENTS}`),
  );
  expect(open).toEqual([]);
});

export const DOOR_POLICY = reads('Realtime has one policy: to listen, and none to send', async (tx) => {
  const policies = await rows(tx`
    select policyname, permissive, cmd, roles::text, with_check from pg_policies where schemaname = 'realtime'`);
  expect(policies).toEqual([
    {
      policyname: 'a live device listens to its own doorbell',
      permissive: 'PERMISSIVE',
      cmd: 'SELECT',
      roles: '{authenticated}',
      with_check: null,
    },
  ]);
});

export const CATALOGUE: readonly Promised[] = [
  ENABLED,
  PRIVATE,
  RESTRICTIVE,
  NO_OPENING,
  NO_GRANT,
  NO_EXECUTE,
  SERVICE,
  SEARCH_PATH,
  DEFINER,
  OWNED,
  SCHEMAS,
  ROLES,
  LATER,
  DOOR_POLICY,
];
