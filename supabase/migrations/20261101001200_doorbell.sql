-- Who may listen to a doorbell: private Realtime topic device:<kid>. Nobody sends from a client, so there is no insert policy.

-- security definer, because a caller can see no row of private.devices. The owner of this function is bound by no policy.
-- Realtime asks at join and at token refresh only: after a revocation it is the relay that stops ringing.
create or replace function private.may_join(topic text) returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
    select from private.devices as d
    where 'device:' || d.kid = topic and case d.kind
      when 'desktop' then d.machine_user = (select auth.uid())
        and (select auth.jwt()) -> 'app_metadata' ->> 'kind' = 'device'
        and (select auth.jwt()) -> 'app_metadata' ->> 'kid' = d.kid
      else d.owner = (select auth.uid())
        and (select auth.jwt()) ->> 'aal' = 'aal2'
        and (select auth.jwt()) ->> 'session_id' = d.session_id::text
    end
  )
$$;
revoke all on function private.may_join(text) from public, anon, authenticated;
grant execute on function private.may_join(text) to authenticated;

drop policy if exists "a live device listens to its own doorbell" on realtime.messages;
create policy "a live device listens to its own doorbell" on realtime.messages
for select to authenticated
using (extension = 'broadcast' and (select private.may_join((select realtime.topic()))));
