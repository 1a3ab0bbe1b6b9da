-- Token buckets. The relay names them and brings their sizes; here they are only counted.

-- Unlogged: a crash forgives, and counting costs no write to disk.
create unlogged table if not exists private.buckets (
  key text primary key check (char_length(key) <= 200),
  level double precision not null,
  at timestamptz not null
);
alter table private.buckets enable row level security;
alter table private.buckets force row level security;

revoke all on private.buckets from public, anon, authenticated;
grant select, insert, update, delete on private.buckets to service_role;

drop policy if exists "clients need a second factor whatever else is allowed" on private.buckets;
create policy "clients need a second factor whatever else is allowed" on private.buckets
as restrictive to anon, authenticated
using (((select auth.jwt()) ->> 'aal') = 'aal2');

-- Takes from every bucket of [{key, capacity, rate, cost}] (rate in tokens a second) or from none.
-- Raises quota.exceeded with the seconds to wait as its detail. In the order of their keys, so that two never wait for each other.
create or replace function private.take(p_buckets jsonb) returns void
language plpgsql set search_path = ''
as $$
declare
  bucket record;
  remaining double precision;
begin
  for bucket in
    select b.* from jsonb_to_recordset(p_buckets)
      as b (key text, capacity double precision, rate double precision, cost double precision)
    order by b.key
  loop
    insert into private.buckets as held (key, level, at)
    values (bucket.key, bucket.capacity - bucket.cost, now())
    on conflict (key) do update set
      level = least(
        bucket.capacity,
        held.level + bucket.rate * greatest(0, extract(epoch from excluded.at - held.at)::double precision)
      ) - bucket.cost,
      at = greatest(held.at, excluded.at)
    returning held.level into remaining;
    if remaining < 0 then
      raise exception 'quota.exceeded' using detail = ceil(-remaining / bucket.rate)::text;
    end if;
  end loop;
end
$$;
revoke all on function private.take(jsonb) from public, anon, authenticated;
grant execute on function private.take(jsonb) to service_role;
