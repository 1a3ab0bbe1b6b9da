-- Sealed parts of files that are too large for an envelope.

create table if not exists private.blobs (
  id text primary key check (id ~ '^[A-Za-z0-9_-]{22}$'),
  owner uuid not null references auth.users (id) on delete cascade,
  data bytea not null check (octet_length(data) <= 196608),
  created_at timestamptz not null default now()
);
-- Sealed bytes do not compress: trying would only cost time.
alter table private.blobs alter column data set storage external;
alter table private.blobs enable row level security;
alter table private.blobs force row level security;
create index if not exists blobs_age on private.blobs (owner, created_at);

revoke all on private.blobs from public, anon, authenticated;
grant select, insert, update, delete on private.blobs to service_role;

drop policy if exists "clients need a second factor whatever else is allowed" on private.blobs;
create policy "clients need a second factor whatever else is allowed" on private.blobs
as restrictive to anon, authenticated
using (((select auth.jwt()) ->> 'aal') = 'aal2');

-- Keeps base64 text. p_cap: bytes kept for an owner; the oldest make room. Raises quota.exceeded.
create or replace function public.relay_put_blob(p_owner uuid, p_id text, p_data text, p_buckets jsonb, p_cap bigint) returns void
language plpgsql set search_path = ''
as $$
begin
  perform private.take(p_buckets);
  insert into private.blobs (id, owner, data) values (p_id, p_owner, decode(p_data, 'base64'));
  delete from private.blobs as b using (
    select id, sum(octet_length(data)) over (order by created_at desc, id) as newer from private.blobs where owner = p_owner
  ) as aged
  where b.id = aged.id and aged.newer > p_cap;
end
$$;
revoke all on function public.relay_put_blob(uuid, text, text, jsonb, bigint) from public, anon, authenticated;
grant execute on function public.relay_put_blob(uuid, text, text, jsonb, bigint) to service_role;

-- Base64 text, or null.
create or replace function public.relay_get_blob(p_owner uuid, p_id text) returns text
language sql stable set search_path = ''
as $$
  select encode(data, 'base64') from private.blobs where id = p_id and owner = p_owner
$$;
revoke all on function public.relay_get_blob(uuid, text) from public, anon, authenticated;
grant execute on function public.relay_get_blob(uuid, text) to service_role;
