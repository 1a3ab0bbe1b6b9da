-- The stack tells listeners of a broadcast in the notification itself and replays nothing, so a row for it was only work: a third
-- of what a submitted envelope did in the database. realtime.messages stays for its policies.

set local role supabase_realtime_admin;

truncate realtime.messages;
drop trigger announce on realtime.messages;
drop function realtime.announce();

-- Like hosted's: runs as the caller, whose policies decide, and an error becomes a warning, so that a broadcast never breaks the
-- transaction it belongs to. A notification holds 8,000 bytes at most: a larger message is such an error.
create or replace function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void
language plpgsql set search_path = ''
as $$
begin
  if row_security_active('realtime.messages') then
    perform set_config('realtime.topic', topic, true);
    insert into realtime.messages (payload, event, topic, private, extension)
    values (payload, event, topic, private, 'broadcast');
  end if;
  perform pg_notify('realtime_messages', json_build_object(
    'id', gen_random_uuid(), 'topic', topic, 'event', event, 'private', private, 'payload', payload
  )::text);
exception when others then
  raise warning 'ErrorSendingBroadcastMessage: %', sqlerrm;
end
$$;
