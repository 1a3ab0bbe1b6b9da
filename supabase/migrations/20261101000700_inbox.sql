-- A device takes what waits for it, under a lease, and says what it has stored.

-- Leases up to p_max envelopes (4 MB) for a minute, oldest first. A lease of the device itself is taken over at once by a
-- higher p_epoch: that is the same device after a restart. Raises device.unknown, device.unbound.
create or replace function public.relay_pull(p_user uuid, p_kid text, p_session uuid, p_max integer, p_epoch bigint) returns json
language plpgsql set search_path = ''
as $$
declare
  device private.devices := private.caller(p_user, p_kid, p_session);
  leased json;
  more boolean;
begin
  -- A lease that a crash forgets is given again, which every recipient is ready for: not worth waiting for the disk.
  perform set_config('synchronous_commit', 'off', true);
  -- Not at every pull: a few seconds are exact enough, and a row version each would not be.
  if device.last_seen is null or device.last_seen < now() - interval '5 seconds' then
    update private.devices set last_seen = now() where kid = device.kid;
  end if;
  if device.stopped_at is not null then
    return json_build_object(
      'envelopes', '[]'::json, 'more', false, 'stop', json_strip_nulls(json_build_object('code', device.stop_code))
    );
  end if;
  with free as (
    select d.envelope, d.seq, octet_length(e.body) as bytes
    from private.deliveries as d join private.envelopes as e on e.id = d.envelope
    where d.kid = device.kid and e.exp > now() and e.body is not null
      and (d.leased_until is null or d.leased_until <= now() or d.epoch < p_epoch)
    -- One more than asked for, to see whether there is more.
    order by d.seq limit p_max + 1 for update of d skip locked
  ), measured as (
    select envelope, row_number() over (order by seq) as place, sum(bytes) over (order by seq) - bytes as before from free
  ), taken as (
    update private.deliveries as d
    set lease_no = d.lease_no + 1, leased_until = now() + interval '60 seconds', epoch = p_epoch
    from measured as m
    where d.kid = device.kid and d.envelope = m.envelope and m.place <= p_max and m.before < 4000000
    returning d.envelope, d.lease_no, d.seq
  )
  select
    coalesce(json_agg(json_build_object('id', t.envelope, 'envelope', e.body, 'leaseNo', t.lease_no) order by t.seq), '[]'),
    (select count(*) from free) > count(*)
  into leased, more
  from taken as t join private.envelopes as e on e.id = t.envelope;
  return json_build_object('envelopes', leased, 'more', more);
end
$$;
revoke all on function public.relay_pull(uuid, text, uuid, integer, bigint) from public, anon, authenticated;
grant execute on function public.relay_pull(uuid, text, uuid, integer, bigint) to service_role;

-- Ends deliveries of [{id, leaseNo}] and answers how many; a stale number ends nothing. Raises device.unknown, device.unbound.
create or replace function public.relay_ack(p_user uuid, p_kid text, p_session uuid, p_acks jsonb) returns integer
language plpgsql set search_path = ''
as $$
declare
  device private.devices := private.caller(p_user, p_kid, p_session);
  acked text[];
begin
  -- An acknowledgement that a crash forgets is made again.
  perform set_config('synchronous_commit', 'off', true);
  -- Two recipients may acknowledge the last two deliveries at once: the second must see that the first is gone.
  perform from private.envelopes as e where e.id in (
    select d.envelope from private.deliveries as d join jsonb_to_recordset(p_acks) as a (id text) on d.envelope = a.id
    where d.kid = device.kid
  ) order by e.id for update;
  with gone as (
    delete from private.deliveries as d using jsonb_to_recordset(p_acks) as a (id text, "leaseNo" integer)
    where d.kid = device.kid and d.envelope = a.id and d.lease_no = a."leaseNo" and d.lease_no > 0
    returning d.envelope
  )
  select array_agg(envelope) into acked from gone;
  update private.envelopes as e set
    fetched = true,
    body = case when exists (select from private.deliveries as d where d.envelope = e.id) then e.body end
  where e.id = any (acked);
  return coalesce(cardinality(acked), 0);
end
$$;
revoke all on function public.relay_ack(uuid, text, uuid, jsonb) from public, anon, authenticated;
grant execute on function public.relay_ack(uuid, text, uuid, jsonb) to service_role;
