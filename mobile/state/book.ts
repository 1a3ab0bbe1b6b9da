import { thawAction, type Ask } from '../../edge/protocol/ask.ts';
import { seenSchema, type Seen } from '../../edge/protocol/down.ts';
import type { Db, Tx } from '../link/db.ts';
import { heardSchema, type HeardEvent } from '../link/heard.ts';
import { peersOf } from '../link/mailbox-store.ts';
import { eventRecordSchema, taskRecordSchema, type EventRecord, type Peer, type TaskRecord } from '../link/records.ts';
import { foldTask, type StoredEvent } from './fold.ts';
import { changesSince, type Changes } from '../link/noting-db.ts';
import type { AskView, TaskView, ThreadView } from './view.ts';

/** What the phone's database holds, as it is shown: the database is the truth, this is read from it. */
export interface Book {
  readonly load: () => Promise<void>;
  /** Reads again what changed since the last reading, whoever changed it. One at a time. */
  readonly follow: () => Promise<void>;
  live(task: string, text: string): void;
  task(id: string): TaskView | undefined;
  threads(): readonly ThreadView[];
  peers(): readonly Peer[];
  seen(kid: string): Seen | undefined;
}

interface TaskRow {
  readonly record: TaskRecord;
  readonly events: readonly EventRecord[];
}

export function createBook(db: Db): Book {
  const tasks = new Map<string, TaskView>();
  const words = new Map<string, string>();
  const rows = new Map<string, { record: TaskRecord; events: readonly StoredEvent[] }>();
  let people: People = { peers: [], seen: new Map() };
  let threads: readonly ThreadView[] = [];
  let rev = 0;

  async function keep({ record, events }: TaskRow): Promise<void> {
    // An event never changes: of a long task only the new ones are read.
    const known = new Map(rows.get(record.id)?.events.map((stored) => [stored.hash, stored]));
    const stored = await Promise.all(events.map(async (event) => known.get(event.hash) ?? storedEvent(event)));
    rows.set(record.id, { record, events: stored });
    tasks.set(record.id, foldTask(record, stored, words.get(record.id)));
  }
  async function take(read: Reading): Promise<void> {
    ({ people } = read);
    if (read.changes.tasks === 'everything') {
      tasks.clear();
      rows.clear();
    }
    await Promise.all(read.rows.map(keep));
    for (const id of read.gone) {
      tasks.delete(id);
      rows.delete(id);
    }
    if (read.changes.tasks.length > 0) threads = threadsOf([...tasks.values()], threads);
    ({ rev } = read.changes);
  }
  return {
    load: async () => take(await db.read((tx) => readChanges(tx, undefined))),
    follow: async () => take(await db.read((tx) => readChanges(tx, rev))),
    live: (id, text) => {
      words.set(id, text);
      const row = rows.get(id);
      if (!row) return;
      tasks.set(id, foldTask(row.record, row.events, text));
      threads = threadsOf([...tasks.values()], threads);
    },
    task: (id) => tasks.get(id),
    threads: () => threads,
    peers: () => people.peers,
    seen: (kid) => people.seen.get(kid),
  };
}

interface People {
  readonly peers: readonly Peer[];
  readonly seen: ReadonlyMap<string, Seen>;
}

interface Reading {
  readonly changes: Changes;
  readonly people: People;
  readonly rows: readonly TaskRow[];
  /** Tasks that are not there any more. */
  readonly gone: readonly string[];
}

/** One moment of the database: what changed after `rev`, or everything. */
async function readChanges(tx: Tx, rev: number | undefined): Promise<Reading> {
  const since = await changesSince(tx, rev ?? 0);
  const changes: Changes = rev === undefined ? { ...since, tasks: 'everything' } : since;
  const people = { peers: await peersOf(tx), seen: await seenOf(tx) };
  if (changes.tasks === 'everything') return { changes, people, rows: await allTasks(tx), gone: [] };
  const rows: TaskRow[] = [];
  const gone: string[] = [];
  for (const id of changes.tasks) {
    const row = await oneTask(tx, id);
    if (row) rows.push(row);
    else gone.push(id);
  }
  return { changes, people, rows, gone };
}

async function seenOf(tx: Tx): Promise<ReadonlyMap<string, Seen>> {
  const found = new Map<string, Seen>();
  for (const { device } of await peersOf(tx)) {
    const row = await tx.get('seen', device.kid);
    if (row !== undefined) found.set(device.kid, seenSchema.parse(row));
  }
  return found;
}

async function allTasks(tx: Tx): Promise<readonly TaskRow[]> {
  const records = (await tx.all('tasks')).map((row) => taskRecordSchema.parse(row));
  const found: TaskRow[] = [];
  for (const record of records) found.push({ record, events: await eventsOf(tx, record.id) });
  return found;
}

async function oneTask(tx: Tx, id: string): Promise<TaskRow | undefined> {
  const row = await tx.get('tasks', id);
  return row === undefined ? undefined : { record: taskRecordSchema.parse(row), events: await eventsOf(tx, id) };
}

const eventsOf = async (tx: Tx, id: string): Promise<readonly EventRecord[]> =>
  (await tx.all('events', `${id}/`)).map((row) => eventRecordSchema.parse(row));

async function storedEvent({ json, hash }: EventRecord): Promise<StoredEvent> {
  const event = readEvent(json);
  if (event.what.kind !== 'ask') return { event, hash };
  return { event, hash, actions: await thawAll(event.what.ask) };
}

function readEvent(json: string): HeardEvent {
  const heard = heardSchema.parse(JSON.parse(json));
  if (heard.kind !== 'event') throw new TypeError('not an event');
  return heard;
}

/** All of an ask's actions or none: what cannot be shown must not be allowed. */
async function thawAll(ask: Ask): Promise<AskView['actions']> {
  try {
    return await Promise.all(ask.actions.map(thawAction));
  } catch {
    return undefined;
  }
}

/** Threads by their newest event. A thread whose tasks did not change stays the same object. */
function threadsOf(tasks: readonly TaskView[], before: readonly ThreadView[]): readonly ThreadView[] {
  const byThread = new Map<string, TaskView[]>();
  for (const task of [...tasks].sort((a, b) => a.at - b.at)) {
    byThread.set(task.thread, [...(byThread.get(task.thread) ?? []), task]);
  }
  const known = new Map(before.map((thread) => [thread.id, thread]));
  const threads = [...byThread].map(([id, mine]) => {
    const old = known.get(id);
    return old && sameTasks(old.tasks, mine) ? old : threadOf(id, mine);
  });
  return threads.sort((a, b) => b.lastAt - a.lastAt);
}

const sameTasks = (a: readonly TaskView[], b: readonly TaskView[]): boolean =>
  a.length === b.length && a.every((task, index) => task === b[index]);

function threadOf(id: string, tasks: readonly TaskView[]): ThreadView {
  const [first] = tasks;
  const title = first?.script ?? first?.text ?? '';
  return { id, desktop: first?.desktop ?? '', title, tasks, lastAt: Math.max(...tasks.map((task) => task.lastAt)) };
}
