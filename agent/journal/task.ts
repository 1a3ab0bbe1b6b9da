import * as z from 'zod/mini';
import { taskStateSchema, type TaskState } from '../../edge/protocol/event.ts';
import { grantSchema, type Grant } from '../../edge/protocol/grant.ts';
import { parcelSchema, type Parcel } from '../../edge/protocol/parcel.ts';
import { taskSchema, type Fate, type Task } from '../../edge/protocol/task.ts';
import { appendEvent, draftHeadline } from './event.ts';
import type { Journal } from './journal.ts';

/** Who asked: a phone, or this desktop itself for the person at the desk. */
export interface Asker {
  readonly kid: string;
  readonly name: string;
}

export interface TaskRecord {
  readonly id: string;
  readonly thread: string;
  readonly after: string | null;
  readonly text: string;
  readonly grants: readonly Grant[];
  readonly script: string | null;
  readonly state: TaskState;
  /** T: it has read content that others wrote. P: it has read private content. Sticky. */
  readonly taint: { readonly untrusted: boolean; readonly private: boolean };
  readonly sender: string;
  readonly budget: NonNullable<Task['budget']>;
  /** Unix seconds. */
  readonly deadline: number | null;
  readonly ifMissed: Task['ifMissed'];
  readonly files: readonly Parcel[];
  readonly created: number;
  /** It was running before, in this process or another. */
  readonly begun: boolean;
  readonly retryAt: number | null;
}

interface Row {
  id: string;
  thread: string;
  after: string | null;
  text: string;
  grants: string;
  script: string | null;
  state: string;
  untrusted: number;
  private: number;
  sender: string;
  budget: string | null;
  deadline: number | null;
  if_missed: string;
  files: string;
  created: number;
  started: number | null;
  retry_at: number | null;
}

const grantsSchema = z.array(grantSchema);
const filesSchema = z.array(parcelSchema);

const recordOf = (row: Row): TaskRecord => ({
  id: row.id,
  thread: row.thread,
  after: row.after,
  text: row.text,
  grants: grantsSchema.parse(JSON.parse(row.grants)),
  script: row.script,
  state: taskStateSchema.parse(JSON.parse(row.state)),
  taint: { untrusted: row.untrusted === 1, private: row.private === 1 },
  sender: row.sender,
  budget: taskSchema.shape.budget.parse(row.budget === null ? undefined : JSON.parse(row.budget)) ?? {},
  deadline: row.deadline,
  ifMissed: taskSchema.shape.ifMissed.parse(row.if_missed),
  files: filesSchema.parse(JSON.parse(row.files)),
  created: row.created,
  begun: row.started !== null,
  retryAt: row.retry_at,
});

export function readTask(journal: Journal, id: string): TaskRecord | undefined {
  const row = journal.db.query<Row, { id: string }>('select * from task where id = $id').get({ id });
  return row ? recordOf(row) : undefined;
}

/** Every task that has not ended, oldest first. */
export const listUnended = (journal: Journal): TaskRecord[] =>
  journal.db.query<Row, []>("select * from task where stage <> 'ended' order by created, rowid").all().map(recordOf);

export const countUnended = (journal: Journal): { queued: number; waiting: number } => {
  const count = (stages: string): number =>
    journal.db.query<{ count: number }, []>(`select count(*) as count from task where stage in (${stages})`).get()
      ?.count ?? 0;
  return { queued: count("'queued', 'parked'"), waiting: count("'waiting'") };
};

export const listThread = (journal: Journal, thread: string): TaskRecord[] =>
  journal.db
    .query<Row, { thread: string }>('select * from task where thread = $thread order by created, rowid')
    .all({ thread })
    .map(recordOf);

/** The tasks of its thread that came before it, oldest first: by their arrival, unless one overtook the one that it names. */
export function listEarlier(journal: Journal, task: Pick<TaskRecord, 'id' | 'thread' | 'after'>): TaskRecord[] {
  const tasks = listThread(journal, task.thread);
  const at = tasks.findIndex(({ id }) => id === task.id);
  return tasks.filter(({ id, after }, index) => index !== at && after !== task.id && (index < at || id === task.after));
}

export const listRecent = (journal: Journal, max: number): TaskRecord[] =>
  journal.db
    .query<Row, { max: number }>('select * from task order by created desc, rowid desc limit $max')
    .all({ max })
    .map(recordOf);

/** Whether a task is, or comes after, the one with this id: two that wait for each other would never begin. */
function waitsFor(journal: Journal, task: string | null, id: string): boolean {
  // Links only lead to tasks that are here, and no task was let close a circle: this ends.
  for (let at = task; at !== null; at = readTask(journal, at)?.after ?? null) if (at === id) return true;
  return false;
}

/** Accepts a task: its row, its first event, and its cancellation when that arrived before it. Once per id. */
export function addTask(journal: Journal, options: { id: string; task: Task; from: Asker }): void {
  const { id, task, from } = options;
  const thread = task.thread ?? id;
  journal.write(() => {
    journal.db
      .query(
        `insert into task (id, thread, after, text, grants, script, state, sender, sender_name, budget, deadline, if_missed, files, created)
         values ($id, $thread, $after, $text, $grants, $script, $state, $kid, $name, $budget, $deadline, $ifMissed, $files, $created)`,
      )
      .run({
        id,
        thread,
        after: waitsFor(journal, task.after, id) ? null : task.after,
        text: task.text,
        grants: JSON.stringify(task.grants),
        script: task.script ?? null,
        state: JSON.stringify({ is: 'queued' }),
        kid: from.kid,
        name: from.name,
        budget: task.budget ? JSON.stringify(task.budget) : null,
        deadline: task.deadline ?? null,
        ifMissed: task.ifMissed,
        files: JSON.stringify(task.files ?? []),
        created: journal.now(),
      });
    appendEvent(journal, id, { kind: 'echo', text: task.text, thread, from, grants: task.grants });
    if (takeCancelled(journal, id)) endTask(journal, id, { fate: 'cancelled' });
    else setState(journal, id, { is: 'queued' });
  });
}

/** Moves a task that has not ended, and tells it. An ended task stays ended: says whether it moved. */
export function setState(journal: Journal, id: string, state: TaskState, retryAt: number | null = null): boolean {
  return journal.write(() => {
    const moved = journal.db
      .query(
        `update task set state = $state, retry_at = $retryAt,
           started = case when $running = 1 then coalesce(started, $at) else started end
         where id = $id and stage <> 'ended'`,
      )
      .run({ id, state: JSON.stringify(state), retryAt, running: Number(state.is === 'running'), at: journal.now() });
    if (moved.changes === 0) return false;
    appendEvent(journal, id, { kind: 'state', state });
    journal.touch({ in: 'tasks' });
    return true;
  });
}

/** Ends a task with its one fate; `headline` words go to the phones' notifications. Open questions of it expire. */
export function endTask(
  journal: Journal,
  id: string,
  end: { fate: Fate; why?: string; headline?: { title: string; text: string } },
): boolean {
  const { fate, why, headline } = end;
  return journal.write(() => {
    const ended = setState(journal, id, { is: 'ended', fate, ...(why !== undefined && { why }) });
    if (!ended) return false;
    journal.db.query('update task set fate = $fate, ended = $at where id = $id').run({ id, fate, at: journal.now() });
    journal.db.query("update ask set state = 'expired' where task = $id and state = 'open'").run({ id });
    if (headline) draftHeadline(journal, { t: id, what: fate === 'done' ? 'done' : 'failed', ...headline });
    return true;
  });
}

/** Raises taint bits; none is ever lowered. */
export function raiseTaint(journal: Journal, id: string, taint: TaskRecord['taint']): void {
  journal.write(() =>
    journal.db
      .query('update task set untrusted = max(untrusted, $untrusted), private = max(private, $private) where id = $id')
      .run({ id, untrusted: Number(taint.untrusted), private: Number(taint.private) }),
  );
}

/** Cancels a task, or remembers the cancel for a task that has not arrived yet. */
export function cancelTask(journal: Journal, id: string, by: string): void {
  journal.write(() => {
    if (readTask(journal, id)) return void endTask(journal, id, { fate: 'cancelled' });
    journal.db
      .query('insert into cancelled values ($id, $by, $at) on conflict do nothing')
      .run({ id, by, at: journal.now() });
  });
}

function takeCancelled(journal: Journal, id: string): boolean {
  return journal.db.query('delete from cancelled where task = $id').run({ id }).changes > 0;
}

/** A removed phone's tasks that have not begun are not begun. */
export function cancelQueuedOf(journal: Journal, kid: string): void {
  journal.write(() => {
    for (const task of listUnended(journal)) {
      if (task.sender === kid && task.state.is === 'queued') endTask(journal, task.id, { fate: 'cancelled' });
    }
  });
}
