-- Forgets what is over. The embedded stack calls it once a minute, a hosted project by pg_cron.

create or replace function private.sweep() returns void
language sql set search_path = ''
as $$
  delete from private.envelopes where exp <= now();
  -- Left by a device that was revoked while they waited for it.
  update private.envelopes as e set body = null
  where e.body is not null and not exists (select from private.deliveries as d where d.envelope = e.id);
  delete from private.pairings where exp <= now();
  delete from private.nonces where exp <= now();
  delete from private.blobs where created_at <= now() - interval '30 days';
  delete from private.pushes where created_at <= now() - interval '7 days';
  -- Every bucket is full again after a day.
  delete from private.buckets where at <= now() - interval '1 day';
$$;
revoke all on function private.sweep() from public, anon, authenticated;
grant execute on function private.sweep() to service_role;

-- Elsewhere than on hosted there is no pg_cron, or it is not loaded: then whoever runs the database calls the function.
do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron;
    perform cron.schedule('errand-sweep', '* * * * *', 'select private.sweep()');
  end if;
exception when others then
  raise notice 'pg_cron is not usable here: %', sqlerrm;
end
$$;
