-- Database broadcast, as hosted Realtime offers it: realtime.send() inserts a row, the policies of
-- realtime.messages decide who may join a private channel, and the stack listens to 'realtime_messages'.

set local role supabase_realtime_admin;

-- Unlogged: a doorbell that a power cut swallows is rung again by the next pull.
create unlogged table realtime.messages (
  topic text not null,
  extension text not null,
  payload jsonb,
  event text,
  private boolean default false,
  updated_at timestamp not null default now(),
  inserted_at timestamp not null default now(),
  id uuid not null default gen_random_uuid(),
  primary key (id, inserted_at)
);
alter table realtime.messages enable row level security;
create index messages_inserted on realtime.messages (inserted_at);
grant select, insert, update on realtime.messages to postgres, anon, authenticated, service_role;

create function realtime.topic() returns text
language sql stable set search_path = ''
as $$
  select nullif(current_setting('realtime.topic', true), '')
$$;

-- Like hosted's: runs as the caller, and an error becomes a warning, so that a broadcast never breaks the
-- transaction it belongs to.
create function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void
language plpgsql set search_path = ''
as $$
begin
  perform set_config('realtime.topic', topic, true);
  insert into realtime.messages (payload, event, topic, private, extension)
  values (payload, event, topic, private, 'broadcast');
exception when others then
  raise warning 'ErrorSendingBroadcastMessage: %', sqlerrm;
end
$$;

-- A notification holds 8,000 bytes at most: a larger message fails here and becomes send()'s warning.
create function realtime.announce() returns trigger
language plpgsql set search_path = ''
as $$
begin
  perform pg_notify('realtime_messages', json_build_object(
    'id', new.id, 'topic', new.topic, 'event', new.event, 'private', new.private, 'payload', new.payload
  )::text);
  return null;
end
$$;
create trigger announce after insert on realtime.messages
for each row when (new.payload is not null) execute function realtime.announce();

grant execute on all functions in schema realtime to postgres, anon, authenticated, service_role;
