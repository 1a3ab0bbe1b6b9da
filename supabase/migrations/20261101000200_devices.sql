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
