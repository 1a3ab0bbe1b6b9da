-- How devices are registered, bound, revoked and stopped.

-- What is known of a device by its kid alone, to check a proof with. Null: nothing.
create or replace function public.relay_device(p_kid text) returns json
language sql stable set search_path = ''
as $$
  select json_build_object(
    'kid', d.kid, 'kind', d.kind, 'owner', d.owner, 'sig', d.sig,
    'machineUser', d.machine_user, 'machineEmail', d.machine_email
  )
  from private.devices as d where d.kid = p_kid
$$;
revoke all on function public.relay_device(text) from public, anon, authenticated;
grant execute on function public.relay_device(text) to service_role;

-- Enters a device, or enters it anew for the same owner. Raises device.owned when it is another account's.
create or replace function private.register(p_owner uuid, p_device jsonb, p_machine uuid, p_email text) returns void
language plpgsql set search_path = ''
as $$
begin
  insert into private.devices as held (kid, owner, kind, name, sig, ek, enc, machine_user, machine_email)
  values (
    p_device ->> 'kid', p_owner, p_device ->> 'kind', p_device ->> 'name', p_device -> 'sig',
    p_device ->> 'ek', p_device -> 'enc', p_machine, p_email
  )
  on conflict (kid) do update set
    name = excluded.name, ek = excluded.ek, enc = excluded.enc,
    machine_user = coalesce(excluded.machine_user, held.machine_user),
    machine_email = coalesce(excluded.machine_email, held.machine_email),
    stopped_at = null, stop_code = null
  where held.owner = excluded.owner and held.kind = excluded.kind;
  if not found then
    raise exception 'device.owned';
  end if;
end
$$;
revoke all on function private.register(uuid, jsonb, uuid, text) from public, anon, authenticated;
grant execute on function private.register(uuid, jsonb, uuid, text) to service_role;

create or replace function public.relay_register(p_owner uuid, p_device jsonb, p_machine uuid, p_email text) returns void
language sql set search_path = ''
as $$
  select private.register(p_owner, p_device, p_machine, p_email)
$$;
revoke all on function public.relay_register(uuid, jsonb, uuid, text) from public, anon, authenticated;
grant execute on function public.relay_register(uuid, jsonb, uuid, text) to service_role;

-- From now on this session is that phone, and no other session is. Raises device.unknown.
create or replace function public.relay_bind(p_owner uuid, p_kid text, p_session uuid) returns void
language plpgsql set search_path = ''
as $$
begin
  update private.devices set session_id = null where session_id = p_session and owner = p_owner and kid <> p_kid;
  update private.devices set session_id = p_session where kid = p_kid and owner = p_owner and kind = 'phone';
  if not found then
    raise exception 'device.unknown';
  end if;
end
$$;
revoke all on function public.relay_bind(uuid, text, uuid) from public, anon, authenticated;
grant execute on function public.relay_bind(uuid, text, uuid) to service_role;

-- p_here: seconds since its last pull within which a device counts as here.
create or replace function public.relay_devices(p_owner uuid, p_here integer) returns json
language sql stable set search_path = ''
as $$
  select coalesce(json_agg(json_build_object(
    'kid', d.kid, 'kind', d.kind, 'name', d.name,
    'createdAt', floor(extract(epoch from d.created_at)), 'lastSeen', floor(extract(epoch from d.last_seen)),
    'here', coalesce(d.stopped_at is null and d.last_seen > now() - make_interval(secs => p_here), false)
  ) order by d.created_at, d.kid), '[]')
  from private.devices as d where d.owner = p_owner
$$;
revoke all on function public.relay_devices(uuid, integer) from public, anon, authenticated;
grant execute on function public.relay_devices(uuid, integer) to service_role;

-- Ends a device, and takes back what it asked for and nobody fetched yet; what a desktop already said stays said.
-- Answers the desktop's account, which is to be deleted next. Raises device.unknown.
create or replace function public.relay_revoke(p_owner uuid, p_kid text) returns uuid
language plpgsql set search_path = ''
as $$
declare
  machine uuid;
  unsent text[];
begin
  delete from private.devices where kid = p_kid and owner = p_owner returning machine_user into machine;
  if not found then
    raise exception 'device.unknown';
  end if;
  select array_agg(distinct d.envelope) into unsent
  from private.deliveries as d join private.envelopes as e on e.id = d.envelope
  where d.sender = p_kid and e.kind <> 'evt';
  perform private.discard(unsent, null);
  return machine;
end
$$;
revoke all on function public.relay_revoke(uuid, text) from public, anon, authenticated;
grant execute on function public.relay_revoke(uuid, text) to service_role;

-- Cuts the route to a desktop until it is paired again: nothing waits for it, nothing is taken for it. Its next pull brings
-- it the owner's stop code, which it alone can check. Raises device.unknown.
create or replace function public.relay_stop(p_owner uuid, p_kid text, p_code text, p_buckets jsonb) returns void
language plpgsql set search_path = ''
as $$
declare
  dropped text[];
begin
  perform private.take(p_buckets);
  update private.devices set stopped_at = now(), stop_code = coalesce(p_code, stop_code)
  where kid = p_kid and owner = p_owner and kind = 'desktop';
  if not found then
    raise exception 'device.unknown';
  end if;
  select array_agg(envelope) into dropped from private.deliveries where kid = p_kid;
  perform private.discard(dropped, array[p_kid]);
  perform private.poke(p_kid);
end
$$;
revoke all on function public.relay_stop(uuid, text, text, jsonb) from public, anon, authenticated;
grant execute on function public.relay_stop(uuid, text, text, jsonb) to service_role;
