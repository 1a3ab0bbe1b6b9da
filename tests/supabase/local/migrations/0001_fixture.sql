-- What the tests of the embedded stack call; none of it is the product's.

create table public.notes (
  id bigint generated always as identity primary key,
  owner uuid not null default auth.uid(),
  words text not null unique
);
alter table public.notes enable row level security;
create policy "owners see their notes" on public.notes for select to authenticated using (owner = (select auth.uid()));
create policy "owners write their notes" on public.notes for insert to authenticated with check (owner = (select auth.uid()));
create policy "a second factor is needed" on public.notes as restrictive for all to authenticated
using ((select auth.jwt()) ->> 'aal' = 'aal2');

create function public.whoami() returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('user', current_user, 'sub', auth.uid(), 'role', auth.role(), 'aal', auth.jwt() ->> 'aal')
$$;

create function public.add(a integer, b integer default 2) returns integer
language sql immutable set search_path = ''
as $$
  select a + b
$$;

create function public.join_words(words text[], extra jsonb) returns text
language sql immutable set search_path = ''
as $$
  select array_to_string(words, '-') || (extra ->> 'end')
$$;

create function public.add_note(words text) returns public.notes
language sql set search_path = ''
as $$
  insert into public.notes (words) values (add_note.words) returning *
$$;

create function public.my_notes() returns setof public.notes
language sql stable set search_path = ''
as $$
  select * from public.notes order by id
$$;

create function public.two() returns table (n integer, name text)
language sql immutable set search_path = ''
as $$
  values (1, 'one'), (2, 'two')
$$;

create function public.numbers() returns setof integer
language sql immutable set search_path = ''
as $$
  values (1), (2)
$$;

create function public.nothing() returns void
language sql immutable set search_path = ''
as $$
$$;

create function public.fail(code text) returns void
language plpgsql set search_path = ''
as $$
begin
  raise exception using errcode = fail.code, message = 'told so', detail = 'details', hint = 'a hint';
end
$$;

create function public.secret() returns text
language sql immutable set search_path = ''
as $$
  select 'only for the service'
$$;
revoke execute on function public.secret() from public, anon, authenticated;

create schema private;
create function private.hidden() returns text
language sql immutable set search_path = ''
as $$
  select 'hidden'
$$;

create function public.ring(topic text, words text) returns void
language sql set search_path = ''
as $$
  select realtime.send(jsonb_build_object('words', ring.words), 'poke', ring.topic, true)
$$;

create policy "a topic per user" on realtime.messages for select to authenticated
using (realtime.topic() = 'user:' || (select auth.uid())::text and realtime.messages.extension = 'broadcast');
