import { LATER, ROLES, SCHEMAS } from '../promises/catalogue.ts';
import { CLIENT_ROLES, type Mutant, type Mutants } from './mutant.ts';

const named =
  (noticedBy: Mutant['noticedBy']) =>
  (sql: string): Mutant => ({ change: sql, sql, noticedBy });

/** What belongs to no single table or function. */
export const ofRights: Mutants = async () => [
  ...CLIENT_ROLES.flatMap((role) =>
    [
      `grant usage on schema private to ${role}`,
      `grant create on schema private to ${role}`,
      `grant create on schema public to ${role}`,
    ].map(named([SCHEMAS])),
  ),
  ...CLIENT_ROLES.flatMap((role) =>
    ['public', 'private'].flatMap((schema) =>
      ['select on tables', 'insert on tables', 'execute on functions', 'usage on sequences'].map(
        (what) => `alter default privileges for role postgres in schema ${schema} grant ${what} to ${role}`,
      ),
    ),
  ).map(named([LATER])),
  ...CLIENT_ROLES.map((role) => `alter default privileges for role postgres grant execute on functions to ${role}`).map(
    named([LATER]),
  ),
  ...['anon', 'authenticated'].flatMap((role) =>
    [
      `alter role ${role} bypassrls`,
      `alter role ${role} superuser`,
      `alter role ${role} createrole`,
      `grant service_role to ${role}`,
      `grant supabase_auth_admin to ${role}`,
    ].map(named([ROLES])),
  ),
];
