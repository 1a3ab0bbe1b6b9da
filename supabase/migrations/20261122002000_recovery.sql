-- Recovery codes: with the password, one of them replaces a lost authenticator.

-- A code is 80 random bits, so a plain hash (over owner and code) gives nothing away and no salt or slowness is needed.
create table if not exists private.recovery_codes (
  owner uuid not null references auth.users (id) on delete cascade,
  hash text not null check (hash ~ '^[A-Za-z0-9_-]{43}$'),
  created_at timestamptz not null default now(),
  -- Of a code given out at the relay's desk; the owner's own codes do not expire.
  exp timestamptz,
  used_at timestamptz,
  primary key (owner, hash)
);
alter table private.recovery_codes enable row level security;
alter table private.recovery_codes force row level security;

revoke all on private.recovery_codes from public, anon, authenticated;
grant select, insert, update, delete on private.recovery_codes to service_role;

drop policy if exists "clients need a second factor whatever else is allowed" on private.recovery_codes;
create policy "clients need a second factor whatever else is allowed" on private.recovery_codes
as restrictive to anon, authenticated
using (((select auth.jwt()) ->> 'aal') = 'aal2');

-- How many of the owner's own codes are left, and when they were made. Null: never.
create or replace function public.relay_recovery(p_owner uuid) returns json
language sql stable set search_path = ''
as $$
  select json_build_object(
    'left', count(*) filter (where c.used_at is null),
    'madeAt', floor(extract(epoch from max(c.created_at)))
  )
  from private.recovery_codes as c where c.owner = p_owner and c.exp is null
$$;
revoke all on function public.relay_recovery(uuid) from public, anon, authenticated;
grant execute on function public.relay_recovery(uuid) to service_role;

-- New codes take the place of the earlier ones: the owner's own, or with p_seconds those of the desk. Raises quota.exceeded.
create or replace function public.relay_make_recovery(
  p_owner uuid, p_hashes text[], p_seconds integer, p_buckets jsonb
) returns void
language plpgsql set search_path = ''
as $$
begin
  perform private.take(p_buckets);
  delete from private.recovery_codes where owner = p_owner and (exp is null) = (p_seconds is null);
  insert into private.recovery_codes (owner, hash, exp)
  select p_owner, h, now() + make_interval(secs => p_seconds) from unnest(p_hashes) as h;
end
$$;
revoke all on function public.relay_make_recovery(uuid, text[], integer, jsonb) from public, anon, authenticated;
grant execute on function public.relay_make_recovery(uuid, text[], integer, jsonb) to service_role;

-- True once for a good code. The account's phones prove with their keys again who they are. Raises quota.exceeded.
create or replace function public.relay_spend_recovery(p_owner uuid, p_hash text, p_buckets jsonb) returns boolean
language plpgsql set search_path = ''
as $$
begin
  perform private.take(p_buckets);
  update private.recovery_codes set used_at = now()
  where owner = p_owner and hash = p_hash and used_at is null and (exp is null or exp > now());
  if not found then
    return false;
  end if;
  update private.devices set session_id = null where owner = p_owner and session_id is not null;
  return true;
end
$$;
revoke all on function public.relay_spend_recovery(uuid, text, jsonb) from public, anon, authenticated;
grant execute on function public.relay_spend_recovery(uuid, text, jsonb) to service_role;

-- Auth could not be reached: the code was not used after all.
create or replace function public.relay_return_recovery(p_owner uuid, p_hash text) returns void
language sql set search_path = ''
as $$
  update private.recovery_codes set used_at = null where owner = p_owner and hash = p_hash
$$;
revoke all on function public.relay_return_recovery(uuid, text) from public, anon, authenticated;
grant execute on function public.relay_return_recovery(uuid, text) to service_role;
