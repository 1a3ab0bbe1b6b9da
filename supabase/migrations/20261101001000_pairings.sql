-- A desktop's offer, a phone's claim of it, and the word of the person at the desktop.
-- open -> claimed -> confirmed; a claim refused at the desktop leads back to open, the third one to refused.

create table if not exists private.pairings (
  pid text primary key check (pid ~ '^[A-Za-z0-9_-]{22}$'),
  -- The offer as the desktop made it, and the device in it.
  offer jsonb not null,
  desktop jsonb not null,
  poll_hash text not null,
  state text not null default 'open' check (state in ('open', 'claimed', 'confirmed', 'refused')),
  tries integer not null default 0,
  owner uuid references auth.users (id) on delete cascade,
  claim text check (char_length(claim) <= 8192),
  phone jsonb,
  exp timestamptz not null,
  check (state not in ('claimed', 'confirmed') or (owner is not null and claim is not null and phone is not null))
);
alter table private.pairings enable row level security;
alter table private.pairings force row level security;
create index if not exists pairings_owner on private.pairings (owner);

revoke all on private.pairings from public, anon, authenticated;
grant select, insert, update, delete on private.pairings to service_role;

drop policy if exists "clients need a second factor whatever else is allowed" on private.pairings;
create policy "clients need a second factor whatever else is allowed" on private.pairings
as restrictive to anon, authenticated
using (((select auth.jwt()) ->> 'aal') = 'aal2');

-- Posts an offer, or renews one that is open, for whoever knows its poll secret. Raises pairing.claimed, quota.exceeded.
create or replace function public.relay_offer(
  p_pid text, p_offer jsonb, p_desktop jsonb, p_poll_hash text, p_exp bigint, p_buckets jsonb
) returns void
language plpgsql set search_path = ''
as $$
begin
  perform private.take(p_buckets);
  insert into private.pairings as held (pid, offer, desktop, poll_hash, exp)
  values (p_pid, p_offer, p_desktop, p_poll_hash, to_timestamp(p_exp))
  on conflict (pid) do update set offer = excluded.offer, desktop = excluded.desktop, exp = excluded.exp
  where held.state = 'open' and held.poll_hash = excluded.poll_hash;
  if not found then
    raise exception 'pairing.claimed';
  end if;
end
$$;
revoke all on function public.relay_offer(text, jsonb, jsonb, text, bigint, jsonb) from public, anon, authenticated;
grant execute on function public.relay_offer(text, jsonb, jsonb, text, bigint, jsonb) to service_role;

-- An offer for its desktop (p_poll_hash) or for a person (p_owner). Raises pairing.unknown, and pairing.claimed for
-- everybody but the person who claimed it.
create or replace function public.relay_pairing(p_pid text, p_poll_hash text, p_owner uuid) returns json
language plpgsql stable set search_path = ''
as $$
declare
  pairing private.pairings;
begin
  select * into pairing from private.pairings where pid = p_pid and exp > now();
  if not found or (p_poll_hash is not null and p_poll_hash <> pairing.poll_hash) then
    raise exception 'pairing.unknown';
  end if;
  if p_poll_hash is null and pairing.state <> 'open' and p_owner is distinct from pairing.owner then
    raise exception 'pairing.claimed';
  end if;
  return json_build_object(
    'state', pairing.state, 'offer', pairing.offer, 'desktop', pairing.desktop,
    'owner', pairing.owner, 'claim', pairing.claim, 'phone', pairing.phone
  );
end
$$;
revoke all on function public.relay_pairing(text, text, uuid) from public, anon, authenticated;
grant execute on function public.relay_pairing(text, text, uuid) to service_role;

-- The same claim of the same person again changes nothing.
-- Raises pairing.unknown, pairing.tries, pairing.claimed, device.owned, quota.exceeded.
create or replace function public.relay_claim(p_pid text, p_owner uuid, p_claim text, p_phone jsonb, p_buckets jsonb) returns void
language plpgsql set search_path = ''
as $$
declare
  pairing private.pairings;
begin
  select * into pairing from private.pairings where pid = p_pid and exp > now() for update;
  if not found then
    raise exception 'pairing.unknown';
  end if;
  if pairing.state = 'claimed' and pairing.owner = p_owner and pairing.claim = p_claim then
    return;
  end if;
  perform private.take(p_buckets);
  if pairing.state = 'refused' then
    raise exception 'pairing.tries';
  end if;
  if pairing.state <> 'open' then
    raise exception 'pairing.claimed';
  end if;
  if exists (select from private.devices where kid = p_phone ->> 'kid' and (owner <> p_owner or kind <> 'phone')) then
    raise exception 'device.owned';
  end if;
  update private.pairings set
    state = 'claimed', owner = p_owner, claim = p_claim, phone = p_phone,
    -- The person at the desktop has time to compare and to press a key.
    exp = greatest(exp, now() + interval '10 minutes')
  where pid = p_pid;
end
$$;
revoke all on function public.relay_claim(text, uuid, text, jsonb, jsonb) from public, anon, authenticated;
grant execute on function public.relay_claim(text, uuid, text, jsonb, jsonb) to service_role;

-- The person at the desktop said no to this claim. Raises pairing.unknown when it is not the one that waits.
create or replace function public.relay_refuse(p_pid text, p_claim text) returns void
language plpgsql set search_path = ''
as $$
begin
  update private.pairings set
    tries = tries + 1, state = case when tries + 1 >= 3 then 'refused' else 'open' end,
    claim = null, phone = null, owner = null
  where pid = p_pid and state = 'claimed' and claim = p_claim;
  if not found then
    raise exception 'pairing.unknown';
  end if;
end
$$;
revoke all on function public.relay_refuse(text, text) from public, anon, authenticated;
grant execute on function public.relay_refuse(text, text) to service_role;

-- The person at the desktop said yes: both devices are the claiming person's. p_machine: the account made for the desktop,
-- or null when it has one. Raises pairing.unknown, device.owned.
create or replace function public.relay_confirm(p_pid text, p_claim text, p_machine uuid, p_email text) returns void
language plpgsql set search_path = ''
as $$
declare
  pairing private.pairings;
begin
  select * into pairing from private.pairings where pid = p_pid and state = 'claimed' and claim = p_claim for update;
  if not found then
    raise exception 'pairing.unknown';
  end if;
  perform private.register(pairing.owner, pairing.desktop, p_machine, p_email);
  perform private.register(pairing.owner, pairing.phone, null, null);
  update private.pairings set state = 'confirmed', exp = greatest(exp, now() + interval '10 minutes') where pid = p_pid;
end
$$;
revoke all on function public.relay_confirm(text, text, uuid, text) from public, anon, authenticated;
grant execute on function public.relay_confirm(text, text, uuid, text) to service_role;
