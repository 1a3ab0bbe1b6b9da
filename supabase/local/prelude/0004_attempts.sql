-- What keeps guessing in bounds and never shuts the owner out, and what lets ten tabs refresh at once.

set local role supabase_auth_admin;

alter table auth.sessions
  -- Where it was opened: an address with a session of both factors is one the owner uses. An IPv6 one stands for its /64.
  add column x_address text,
  -- Wrong codes of this session, where it counts for itself.
  add column x_failures integer not null default 0,
  add column x_locked_until timestamptz,
  -- When its newest refresh tokens were replaced, in milliseconds, the last one last.
  add column x_replaced_at jsonb not null default '[]',
  drop column x_refreshed_before;

-- A code at the desk is a keyed hash over its row's id: asked for again it is the same, and too long to guess.
alter table auth.one_time_tokens
  alter column token_hash drop not null,
  drop column x_tries;
