/*
 * The journal's tables. Times are Unix milliseconds unless a column says otherwise; JSON columns hold the schemas of edge/protocol
 * or of the module that writes them.
 */

const FIRST = `
create table meta (key text primary key, value text not null) strict;

-- Ids of envelopes, for ever: what was taken or refused once is never taken again.
create table inbox (
  id text primary key,
  sender text,
  at integer not null,
  verdict text not null,
  envelope text not null
) strict;

-- The phones that may command this desktop. Filled by pairing only.
create table peer (
  kid text primary key,
  device text not null,
  may_power integer not null check (may_power in (0, 1)),
  may_history integer not null check (may_history in (0, 1)),
  paired_at integer not null,
  last_heard integer
) strict;

create table task (
  id text primary key,
  thread text not null,
  after text,
  text text not null,
  grants text not null,
  script text,
  state text not null,
  stage text generated always as (state ->> 'is') stored,
  untrusted integer not null default 0 check (untrusted in (0, 1)),
  private integer not null default 0 check (private in (0, 1)),
  fate text,
  sender text not null,
  sender_name text not null,
  budget text,
  deadline integer,
  if_missed text not null,
  files text not null,
  created integer not null,
  started integer,
  ended integer,
  retry_at integer,
  check ((fate is null) = (ended is null))
) strict;
create index task_stage on task (stage, created);
create index task_thread on task (thread, created);

-- A cancel may arrive before its task: it is remembered here.
create table cancelled (task text primary key, sender text not null, at integer not null) strict;

-- The conversation with the model, whole: a stored turn is never asked for again.
create table turn (
  task text not null references task (id),
  i integer not null,
  role text not null check (role in ('user', 'assistant')),
  json text not null,
  primary key (task, i)
) strict;

-- One tool call. \`intent\` is the epoch that began the effect; an intent without an outcome means: it may have
-- happened. \`begun\`: by what it was judged when it began, to judge it so again.
create table step (
  task text not null references task (id),
  n integer not null,
  call text not null,
  tool text not null,
  title text not null,
  class text not null check (class in ('pure', 'idem', 'once')),
  input text not null,
  decision text not null check (decision in ('allow', 'ask', 'deny', 'void')),
  ask text,
  intent integer,
  begun text,
  outcome text,
  primary key (task, n),
  unique (task, call)
) strict;

create table ask (
  id text primary key,
  task text not null references task (id),
  n integer not null,
  ask text not null,
  digests text not null,
  state text not null check (state in ('open', 'ok', 'denied', 'expired')),
  answered_by text,
  because text,
  exp integer not null
) strict;
create index ask_open on ask (state, exp);
create index ask_task on ask (task, n);

-- What waits to be sent, in order. A row leaves when the relay has it.
create table out (
  seq integer primary key autoincrement,
  id text not null unique,
  k text not null,
  json text not null,
  recipients text not null,
  t text,
  i integer,
  c text,
  u integer not null,
  life integer not null,
  reseal integer not null,
  compact text,
  exp integer,
  state text not null default 'pending' check (state in ('pending', 'failed')),
  why text
) strict;
create index out_state on out (state, seq);

create table event (
  task text not null references task (id),
  i integer not null,
  json text not null,
  hash text not null,
  primary key (task, i)
) strict;

-- Every file a step wrote: hashes of before (null: it did not exist) and after, and the task's bits when it wrote. Noted with the
-- intent, done with the outcome. Before-images are kept by hash in a folder.
create table change (
  id integer primary key autoincrement,
  task text not null references task (id),
  n integer not null,
  path text not null,
  before text,
  after text not null,
  untrusted integer not null check (untrusted in (0, 1)),
  private integer not null check (private in (0, 1)),
  at integer not null,
  done integer not null default 0 check (done in (0, 1)),
  unique (task, n, path)
) strict;

create table fire (schedule text not null, slot integer not null, task text, primary key (schedule, slot)) strict;

create table audit (
  i integer primary key autoincrement,
  at integer not null,
  what text not null,
  prev text,
  hash text not null
) strict;
`;

const SECOND = `
-- Of this desktop, what a phone knows: the trust it was last told and when, and the encryption key it last sealed to.
alter table peer add column told text;
alter table peer add column told_at integer;
alter table peer add column ek text;
-- The pairing that the relay has not confirmed yet: it is told to this phone only when it has.
alter table peer add column pairing text;

-- Phones that were taken off the list, to be told so: when, and when they last were.
create table parted (kid text primary key, device text not null, at integer not null, told_at integer) strict;
`;

/** Index + 1 is the `user_version` a migration leads to. Entries are only ever added. */
export const MIGRATIONS: readonly string[] = [FIRST, SECOND];
