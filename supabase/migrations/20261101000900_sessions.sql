-- One-use numbers with which a desktop proves, now and not before, that it holds its key.

create unlogged table if not exists private.nonces (
  nonce text primary key,
  kid text not null references private.devices (kid) on delete cascade,
  exp timestamptz not null
);
alter table private.nonces enable row level security;
alter table private.nonces force row level security;
create index if not exists nonces_kid on private.nonces (kid);

revoke all on private.nonces from public, anon, authenticated;
grant select, insert, update, delete on private.nonces to service_role;

drop policy if exists "clients need a second factor whatever else is allowed" on private.nonces;
create policy "clients need a second factor whatever else is allowed" on private.nonces
as restrictive to anon, authenticated
using (((select auth.jwt()) ->> 'aal') = 'aal2');

-- Raises device.unknown, quota.exceeded.
create or replace function public.relay_give_nonce(p_kid text, p_nonce text, p_buckets jsonb) returns void
language plpgsql set search_path = ''
as $$
begin
  perform private.take(p_buckets);
  perform from private.devices where kid = p_kid and kind = 'desktop';
  if not found then
    raise exception 'device.unknown';
  end if;
  insert into private.nonces (nonce, kid, exp) values (p_nonce, p_kid, now() + interval '5 minutes');
end
$$;
revoke all on function public.relay_give_nonce(text, text, jsonb) from public, anon, authenticated;
grant execute on function public.relay_give_nonce(text, text, jsonb) to service_role;

-- True once for a number that was given to this device.
create or replace function public.relay_spend_nonce(p_kid text, p_nonce text) returns boolean
language sql set search_path = ''
as $$
  with spent as (
    delete from private.nonces where nonce = p_nonce and kid = p_kid returning exp
  )
  select exists (select from spent where exp > now())
$$;
revoke all on function public.relay_spend_nonce(text, text) from public, anon, authenticated;
grant execute on function public.relay_spend_nonce(text, text) to service_role;
