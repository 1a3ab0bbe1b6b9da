-- The phones and desktops the relay carries envelopes for. A revoked device is a deleted row.

create table if not exists private.devices (
  kid text primary key check (kid ~ '^[A-Za-z0-9_-]{43}$'),
  owner uuid not null references auth.users (id) on delete cascade,
  kind text not null check (kind in ('phone', 'desktop')),
  name text not null check (char_length(name) between 1 and 64),
  sig jsonb not null,
  ek text not null,
  enc jsonb not null,
  -- A phone's signed-in session, once it was bound by a proof of the phone's key.
  session_id uuid unique,
  -- A desktop's own account: it never holds a session of its owner.
  machine_user uuid unique references auth.users (id) on delete set null,
  machine_email text,
  -- Stopped: nothing is delivered to it any more, but it may still ask, and hears the owner's stop code.
  stopped_at timestamptz,
  stop_code text,
  created_at timestamptz not null default now(),
  last_seen timestamptz,
  check (kind = 'desktop' or (machine_user is null and stopped_at is null)),
  check (kind = 'phone' or session_id is null)
);
alter table private.devices enable row level security;
alter table private.devices force row level security;
create index if not exists devices_owner on private.devices (owner);

revoke all on private.devices from public, anon, authenticated;
grant select, insert, update, delete on private.devices to service_role;

drop policy if exists "clients need a second factor whatever else is allowed" on private.devices;
create policy "clients need a second factor whatever else is allowed" on private.devices
as restrictive to anon, authenticated
using (((select auth.jwt()) ->> 'aal') = 'aal2');

-- The live device behind a session: a desktop by its account and the kid in it (p_kid), a phone by the session it bound.
-- Raises device.unknown for the one, device.unbound for the other.
create or replace function private.caller(p_user uuid, p_kid text, p_session uuid) returns private.devices
language plpgsql stable set search_path = ''
as $$
declare
  device private.devices;
begin
  if p_kid is null then
    select * into device from private.devices where session_id = p_session and owner = p_user and kind = 'phone';
    if not found then raise exception 'device.unbound'; end if;
  else
    select * into device from private.devices where kid = p_kid and machine_user = p_user and kind = 'desktop';
    if not found then raise exception 'device.unknown'; end if;
  end if;
  return device;
end
$$;
revoke all on function private.caller(uuid, text, uuid) from public, anon, authenticated;
grant execute on function private.caller(uuid, text, uuid) to service_role;

create or replace function public.relay_caller(p_user uuid, p_kid text, p_session uuid) returns json
language plpgsql stable set search_path = ''
as $$
declare
  device private.devices := private.caller(p_user, p_kid, p_session);
begin
  return json_build_object('kid', device.kid, 'kind', device.kind, 'owner', device.owner, 'sig', device.sig);
end
$$;
revoke all on function public.relay_caller(uuid, text, uuid) from public, anon, authenticated;
grant execute on function public.relay_caller(uuid, text, uuid) to service_role;
