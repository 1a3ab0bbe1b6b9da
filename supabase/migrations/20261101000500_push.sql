-- Where a phone wants to be woken, and the messages on their way there.

create table if not exists private.push_subscriptions (
  kid text primary key references private.devices (kid) on delete cascade,
  endpoint text not null check (char_length(endpoint) <= 2048),
  p256dh text not null check (char_length(p256dh) <= 128),
  auth text not null check (char_length(auth) <= 64)
);
alter table private.push_subscriptions enable row level security;
alter table private.push_subscriptions force row level security;

create table if not exists private.pushes (
  id bigint generated always as identity primary key,
  kid text not null references private.devices (kid) on delete cascade,
  -- The envelope, when it fits into a push message; gone once the push has an end.
  envelope text,
  -- sent: the push service accepted it. gone: it knows the subscription no longer. failed: given up.
  state text not null default 'waiting' check (state in ('waiting', 'sent', 'gone', 'failed')),
  attempts integer not null default 0,
  http_status integer,
  next_at timestamptz not null default now(),
  created_at timestamptz not null default now()
);
alter table private.pushes enable row level security;
alter table private.pushes force row level security;
create index if not exists pushes_next on private.pushes (next_at) where state = 'waiting';
create index if not exists pushes_kid on private.pushes (kid);

revoke all on private.push_subscriptions, private.pushes from public, anon, authenticated;
grant select, insert, update, delete on private.push_subscriptions, private.pushes to service_role;

drop policy if exists "clients need a second factor whatever else is allowed" on private.push_subscriptions;
create policy "clients need a second factor whatever else is allowed" on private.push_subscriptions
as restrictive to anon, authenticated
using (((select auth.jwt()) ->> 'aal') = 'aal2');

drop policy if exists "clients need a second factor whatever else is allowed" on private.pushes;
create policy "clients need a second factor whatever else is allowed" on private.pushes
as restrictive to anon, authenticated
using (((select auth.jwt()) ->> 'aal') = 'aal2');

-- Ends what waits for a phone that has no subscription any more.
create or replace function private.unsubscribe(p_kid text) returns void
language sql set search_path = ''
as $$
  delete from private.push_subscriptions where kid = p_kid;
  update private.pushes set state = 'gone', envelope = null where kid = p_kid and state = 'waiting';
$$;
revoke all on function private.unsubscribe(text) from public, anon, authenticated;
grant execute on function private.unsubscribe(text) to service_role;

-- One browser subscription belongs to one phone: a phone that was paired anew takes it over from its older self.
create or replace function public.relay_put_push(p_kid text, p_endpoint text, p_p256dh text, p_auth text) returns void
language sql set search_path = ''
as $$
  delete from private.push_subscriptions as stale using private.devices as mine, private.devices as other
  where mine.kid = p_kid and stale.endpoint = p_endpoint and stale.kid <> p_kid
    and other.kid = stale.kid and other.owner = mine.owner;
  insert into private.push_subscriptions (kid, endpoint, p256dh, auth)
  values (p_kid, p_endpoint, p_p256dh, p_auth)
  on conflict (kid) do update set endpoint = excluded.endpoint, p256dh = excluded.p256dh, auth = excluded.auth;
$$;
revoke all on function public.relay_put_push(text, text, text, text) from public, anon, authenticated;
grant execute on function public.relay_put_push(text, text, text, text) to service_role;

create or replace function public.relay_delete_push(p_kid text) returns void
language sql set search_path = ''
as $$
  select private.unsubscribe(p_kid)
$$;
revoke all on function public.relay_delete_push(text) from public, anon, authenticated;
grant execute on function public.relay_delete_push(text) to service_role;

-- Hands out pushes that are due. Whoever takes one has a minute to say how it ended; then it is due again.
-- next: seconds until another one is due, when one waits.
create or replace function public.relay_take_pushes(p_max integer) returns json
language plpgsql set search_path = ''
as $$
declare
  handed json;
  next integer;
begin
  with due as (
    select p.id from private.pushes as p join private.push_subscriptions as s on s.kid = p.kid
    where p.state = 'waiting' and p.next_at <= now()
    order by p.id limit p_max for update of p skip locked
  ), taken as (
    update private.pushes as p set attempts = p.attempts + 1, next_at = now() + interval '60 seconds'
    from due where p.id = due.id
    returning p.id, p.kid, p.envelope, p.attempts
  )
  select coalesce(json_agg(json_build_object(
    'id', t.id, 'envelope', t.envelope, 'attempts', t.attempts,
    'waiting', (select count(*) from (select from private.deliveries as d where d.kid = t.kid limit 100) as w),
    'subscription', json_build_object('endpoint', s.endpoint, 'keys', json_build_object('p256dh', s.p256dh, 'auth', s.auth))
  ) order by t.id), '[]') into handed
  from taken as t join private.push_subscriptions as s on s.kid = t.kid;
  select ceil(extract(epoch from min(p.next_at) - now())) into next
  from private.pushes as p join private.push_subscriptions as s on s.kid = p.kid
  where p.state = 'waiting' and p.next_at > now();
  return json_build_object('pushes', handed, 'next', next);
end
$$;
revoke all on function public.relay_take_pushes(integer) from public, anon, authenticated;
grant execute on function public.relay_take_pushes(integer) to service_role;

-- How a push ended. p_state 'waiting' tries it again after p_after seconds.
create or replace function public.relay_end_push(p_id bigint, p_state text, p_http integer, p_after integer) returns void
language plpgsql set search_path = ''
as $$
declare
  phone text;
begin
  update private.pushes set
    state = p_state, http_status = p_http, next_at = now() + make_interval(secs => p_after),
    envelope = case when p_state = 'waiting' then envelope end
  where id = p_id
  returning kid into phone;
  if p_state = 'gone' then
    perform private.unsubscribe(phone);
  end if;
end
$$;
revoke all on function public.relay_end_push(bigint, text, integer, integer) from public, anon, authenticated;
grant execute on function public.relay_end_push(bigint, text, integer, integer) to service_role;
