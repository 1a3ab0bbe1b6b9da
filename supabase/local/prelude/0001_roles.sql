-- The roles and schemas that a hosted Supabase project starts with. Roles belong to the whole server, so
-- they may exist already when DATABASE_URL points to a shared one.

do $$
declare
  wanted record;
begin
  for wanted in
    select * from (values
      ('anon', 'nologin noinherit'),
      ('authenticated', 'nologin noinherit'),
      ('service_role', 'nologin noinherit bypassrls'),
      ('authenticator', 'login noinherit'),
      ('supabase_auth_admin', 'nologin noinherit'),
      ('supabase_realtime_admin', 'nologin noinherit'),
      -- Runs the migrations. As on hosted it is no superuser, but no policy binds it.
      ('postgres', 'nologin createrole createdb bypassrls')
    ) as role (name, options)
  loop
    if not exists (select from pg_roles where rolname = wanted.name) then
      execute format('create role %I %s', wanted.name, wanted.options);
    end if;
  end loop;
  execute format('grant create, temporary on database %I to postgres', current_database());
end
$$;

grant anon, authenticated, service_role to authenticator, postgres;
grant supabase_realtime_admin to postgres;

create schema if not exists extensions;
grant usage on schema extensions to postgres, anon, authenticated, service_role;
create extension if not exists pgcrypto with schema extensions;

create schema if not exists auth authorization supabase_auth_admin;
create schema if not exists realtime authorization supabase_realtime_admin;
grant usage on schema auth, realtime to postgres, anon, authenticated, service_role;

grant usage on schema public to anon, authenticated, service_role;
grant all on schema public to postgres;

-- Hosted's defaults, on purpose: a migration that forgets to revoke must fail its test here too.
alter default privileges for role postgres in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on functions to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on sequences to anon, authenticated, service_role;
