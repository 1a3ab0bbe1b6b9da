import {
  ENABLED,
  GUARD,
  NO_GRANT,
  NO_OPENING,
  OWNED,
  PRIVATE,
  RESTRICTIVE,
  sequences,
  tables,
} from '../promises/catalogue.ts';
import { GRANTED, GRANTED_WRITE, OPENED, OPENED_WRITE } from '../promises/clients.ts';
import type { Promised } from '../promises/promise.ts';
import { CLIENT_ROLES, type Mutant, type Mutants } from './mutant.ts';

const PRIVILEGES = ['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger'];

export const ofTables: Mutants = async (tx) => (await tables(tx)).flatMap(({ name, column }) => ofTable(name, column));

function ofTable(name: string, column: string): Mutant[] {
  const bare = name.slice(name.indexOf('.') + 1);
  const grants = CLIENT_ROLES.flatMap((role) => [
    ...PRIVILEGES.map((privilege) => `grant ${privilege} on ${name} to ${role}`),
    `grant select (${column}) on ${name} to ${role}`,
  ]);
  return [
    { sql: `alter table ${name} disable row level security`, noticedBy: [ENABLED, GRANTED, GRANTED_WRITE] },
    { sql: `alter table ${name} no force row level security`, noticedBy: [ENABLED] },
    { sql: `alter table ${name} set schema public`, noticedBy: [PRIVATE] },
    { sql: `alter table ${name} owner to supabase_admin`, noticedBy: [OWNED] },
    { sql: `create view public.shown_${bare} as select * from ${name}`, noticedBy: [PRIVATE] },
    { sql: `create policy more on ${name} for select to authenticated using (true)`, noticedBy: [NO_OPENING, GRANTED] },
    { sql: `create policy more on ${name} to authenticated with check (true)`, noticedBy: [NO_OPENING, GRANTED_WRITE] },
    ...grants.map((sql) => ({ sql, noticedBy: [NO_GRANT] })),
  ].map(({ sql, noticedBy }) => ({ change: sql, sql, noticedBy }));
}

/** Otherwise made policies of a table, and who notices besides the catalogue. */
const OTHERWISE: readonly (readonly [how: string, noticedBy: readonly Promised[]])[] = [
  [`as permissive to anon, authenticated using (${GUARD})`, [NO_OPENING, GRANTED]],
  [`as restrictive to anon, authenticated using (true)`, [OPENED, OPENED_WRITE]],
  [`as restrictive to anon, authenticated using ((auth.jwt() ->> 'aal') in ('aal1', 'aal2'))`, [OPENED, OPENED_WRITE]],
  [`as restrictive to anon, authenticated using ((auth.jwt() ->> 'aal') is distinct from 'aal1')`, [OPENED]],
  [`as restrictive to anon, authenticated using (auth.jwt() -> 'user_metadata' ->> 'aal' = 'aal2')`, [OPENED]],
  [`as restrictive to anon, authenticated using (auth.jwt() -> 'app_metadata' ->> 'aal' = 'aal2')`, [OPENED]],
  [`as restrictive to anon using (${GUARD})`, [OPENED, OPENED_WRITE]],
  [`as restrictive to authenticated using (${GUARD})`, [OPENED, OPENED_WRITE]],
  [`as restrictive for select to anon, authenticated using (${GUARD})`, [OPENED_WRITE]],
  [`as restrictive for insert to anon, authenticated with check (${GUARD})`, [OPENED]],
  [`as restrictive to anon, authenticated using (${GUARD}) with check (true)`, [OPENED_WRITE]],
];

export const ofPolicies: Mutants = async (tx) => {
  const policies = await tx<{ name: string; on: string }[]>`
    select quote_ident(policyname) as name, format('%I.%I', schemaname, tablename) as on
    from pg_policies where schemaname in ('public', 'private')`;
  return policies.flatMap(({ name, on }) => [
    { change: `no policy on ${on}`, sql: `drop policy ${name} on ${on}`, noticedBy: [RESTRICTIVE, OPENED] },
    ...OTHERWISE.map(([how, noticedBy]) => ({
      change: `policy on ${on} ${how}`,
      sql: `drop policy ${name} on ${on}; create policy ${name} on ${on} ${how}`,
      noticedBy: [RESTRICTIVE, ...noticedBy],
    })),
  ]);
};

export const ofSequences: Mutants = async (tx) =>
  (await sequences(tx)).flatMap(({ name }) =>
    CLIENT_ROLES.flatMap((role) =>
      ['usage', 'select', 'update'].map((privilege) => {
        const sql = `grant ${privilege} on sequence ${name} to ${role}`;
        return { change: sql, sql, noticedBy: [NO_GRANT] };
      }),
    ),
  );
