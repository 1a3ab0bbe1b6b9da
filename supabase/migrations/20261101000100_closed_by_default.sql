-- Nothing is open unless a later line opens it.
-- A hosted project grants every new object of schema public to anon and authenticated, and PostgreSQL itself lets
-- everybody execute every new function. The second default belongs to no schema: only the global form takes it away.

alter default privileges revoke execute on functions from public;
alter default privileges in schema public revoke all on tables from anon, authenticated;
alter default privileges in schema public revoke all on functions from anon, authenticated;
alter default privileges in schema public revoke all on sequences from anon, authenticated;

-- All tables live here. The schema is not exposed: clients reach it through the relay only, and the relay through the
-- functions relay_* of schema public, which service_role alone may execute.
-- Those functions refuse by raising a code of edge/protocol/error.ts as the message, so that nothing they did stays.
create schema if not exists private;
revoke all on schema private from public;
grant usage on schema private to service_role;
