-- Sealed envelopes, stored once, and one delivery per recipient that has not acknowledged.
-- When the last delivery is gone the body goes too, and the row stays until exp as a tombstone (id, hash): a late retry of
-- the sender must not bring a delivered or withdrawn envelope back.

create table if not exists private.envelopes (
  id text primary key check (id ~ '^[A-Za-z0-9_-]{22}$'),
  owner uuid not null references auth.users (id) on delete cascade,
  sender text not null,
  kind text not null check (kind in ('task', 'ctl', 'evt', 'sched')),
  hash bytea not null,
  body text check (octet_length(body) <= 196608),
  -- Some recipient has stored it.
  fetched boolean not null default false,
  exp timestamptz not null
);
-- Sealed bytes do not compress: trying would only cost time.
alter table private.envelopes alter column body set storage external;
alter table private.envelopes enable row level security;
alter table private.envelopes force row level security;
create index if not exists envelopes_exp on private.envelopes (exp);
create index if not exists envelopes_owner on private.envelopes (owner);

create table if not exists private.deliveries (
  kid text not null references private.devices (kid) on delete cascade,
  envelope text not null references private.envelopes (id) on delete cascade,
  seq bigint generated always as identity,
  sender text not null,
  collapse text,
  -- The fencing number: each lease has its own, and an ack with another one does nothing.
  lease_no integer not null default 0,
  leased_until timestamptz,
  epoch bigint not null default 0,
  primary key (kid, envelope)
);
alter table private.deliveries enable row level security;
alter table private.deliveries force row level security;
create index if not exists deliveries_turn on private.deliveries (kid, seq);
create index if not exists deliveries_envelope on private.deliveries (envelope);
create index if not exists deliveries_collapse on private.deliveries (kid, sender, collapse) where collapse is not null;

revoke all on private.envelopes, private.deliveries from public, anon, authenticated;
grant select, insert, update, delete on private.envelopes, private.deliveries to service_role;

drop policy if exists "clients need a second factor whatever else is allowed" on private.envelopes;
create policy "clients need a second factor whatever else is allowed" on private.envelopes
as restrictive to anon, authenticated
using (((select auth.jwt()) ->> 'aal') = 'aal2');

drop policy if exists "clients need a second factor whatever else is allowed" on private.deliveries;
create policy "clients need a second factor whatever else is allowed" on private.deliveries
as restrictive to anon, authenticated
using (((select auth.jwt()) ->> 'aal') = 'aal2');

-- Ends deliveries of these envelopes, to p_to or (null) to everybody, and takes the body of those that nobody waits for any
-- more. Envelopes are locked before their deliveries, here and in relay_ack, so that two of these never wait for each other.
-- Here and wherever a message passes: plpgsql, because PostgreSQL 17 plans a function in sql anew at every call (0.2 ms).
create or replace function private.discard(p_ids text[], p_to text[]) returns void
language plpgsql set search_path = ''
as $$
begin
  perform from private.envelopes where id = any (p_ids) order by id for update;
  delete from private.deliveries where envelope = any (p_ids) and (p_to is null or kid = any (p_to));
  update private.envelopes as e set body = null
  where e.id = any (p_ids) and e.body is not null
    and not exists (select from private.deliveries as d where d.envelope = e.id);
end
$$;
revoke all on function private.discard(text[], text[]) from public, anon, authenticated;
grant execute on function private.discard(text[], text[]) to service_role;
