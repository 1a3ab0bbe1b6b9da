-- Everything a sent envelope does, in one call and one transaction: kept, handed to its recipients, poked for, queued as a push.

-- A newer envelope of a collapse key replaces the older ones of the same sender at these recipients.
create or replace function private.collapse(p_sender text, p_to text[], p_key text) returns void
language plpgsql set search_path = ''
as $$
declare
  replaced text[];
begin
  select array_agg(distinct envelope) into replaced from private.deliveries
  where kid = any (p_to) and sender = p_sender and collapse = p_key;
  if replaced is not null then
    perform private.discard(replaced, p_to);
  end if;
end
$$;
revoke all on function private.collapse(text, text[], text) from public, anon, authenticated;
grant execute on function private.collapse(text, text[], text) to service_role;

-- Rings a device's doorbell. It promises nothing: the rows are the truth.
create or replace function private.poke(p_kid text) returns void
language plpgsql set search_path = ''
as $$
begin
  perform realtime.send(
    jsonb_build_object('n', (select count(*) from (select from private.deliveries where kid = p_kid limit 100) as waiting)),
    'poke', 'device:' || p_kid, true
  );
end
$$;
revoke all on function private.poke(text) from public, anon, authenticated;
grant execute on function private.poke(text) to service_role;

-- True when it is new, false when the same bytes were here before. Raises device.unknown, device.unbound, envelope.conflict,
-- envelope.recipient, quota.exceeded. p_queue: how many envelopes may wait
-- for a desktop. p_push: what a push carries when p_urgent, or null when that is too long.
-- Generic plans by force: for its arrays PostgreSQL would plan anew at every call, a fifth of the whole.
create or replace function public.relay_submit(
  p_user uuid, p_kid text, p_session uuid, p_sender text, p_id text, p_kind text, p_to text[], p_exp bigint, p_collapse text,
  p_urgent boolean, p_push text, p_envelope text, p_buckets jsonb, p_queue integer
) returns boolean
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  -- Whoever verified the envelope may have remembered the sender from before: the session must be that device now.
  device private.devices := private.caller(p_user, p_kid, p_session);
  digest bytea := sha256(convert_to(p_envelope, 'UTF8'));
  known bytea;
  senders integer;
  recipients integer;
begin
  if device.kid <> p_sender then
    raise exception 'device.unbound';
  end if;
  -- Held until the end: a revocation comes before this or after it, never in between.
  select count(*) filter (where kid = p_sender), count(*) filter (where kid = any (p_to) and stopped_at is null)
  into senders, recipients
  from (select kid, stopped_at from private.devices where kid = any (p_to || p_sender) and owner = device.owner for key share) as d;
  if senders = 0 then
    raise exception 'device.unknown';
  end if;
  insert into private.envelopes (id, owner, sender, kind, hash, body, exp)
  values (p_id, device.owner, p_sender, p_kind, digest, p_envelope, to_timestamp(p_exp))
  on conflict (id) do nothing;
  if not found then
    select hash into known from private.envelopes where id = p_id;
    if known = digest then return false; end if;
    raise exception 'envelope.conflict';
  end if;
  if recipients <> cardinality(p_to) then
    raise exception 'envelope.recipient';
  end if;
  perform private.take(p_buckets);
  if p_kind <> 'evt' and exists (
    select from unnest(p_to) as waits (kid) where (select count(*) from private.deliveries as q where q.kid = waits.kid) >= p_queue
  ) then
    raise exception 'quota.exceeded' using detail = '60';
  end if;
  if p_collapse is not null then
    perform private.collapse(p_sender, p_to, p_collapse);
  end if;
  insert into private.deliveries (kid, envelope, sender, collapse)
  select kid, p_id, p_sender, p_collapse from unnest(p_to) as kid;
  perform private.poke(kid) from unnest(p_to) as kid;
  if p_urgent then
    insert into private.pushes (kid, envelope)
    select s.kid, p_push from private.push_subscriptions as s where s.kid = any (p_to);
  end if;
  return true;
end
$$;
revoke all on function public.relay_submit(uuid, text, uuid, text, text, text, text[], bigint, text, boolean, text, text, jsonb, integer)
  from public, anon, authenticated;
grant execute on function public.relay_submit(uuid, text, uuid, text, text, text, text[], bigint, text, boolean, text, text, jsonb, integer)
  to service_role;

-- Takes an envelope back that no recipient has fetched. Raises envelope.unknown, envelope.fetched.
create or replace function public.relay_withdraw(p_sender text, p_id text) returns void
language plpgsql set search_path = ''
as $$
declare
  gone boolean;
begin
  select fetched into gone from private.envelopes where id = p_id and sender = p_sender for update;
  if not found then
    raise exception 'envelope.unknown';
  end if;
  -- Waits for a pull under way, so that exactly one of the two wins.
  perform from private.deliveries where envelope = p_id for update;
  if gone or exists (select from private.deliveries where envelope = p_id and lease_no > 0) then
    raise exception 'envelope.fetched';
  end if;
  perform private.discard(array[p_id], null);
end
$$;
revoke all on function public.relay_withdraw(text, text) from public, anon, authenticated;
grant execute on function public.relay_withdraw(text, text) to service_role;
