import { thawAction, type Ask } from '../../edge/protocol/ask.ts';
import { seenSchema, type Seen } from '../../edge/protocol/down.ts';
import type { Db, Tx } from '../link/db.ts';
import { heardSchema, type HeardEvent } from '../link/heard.ts';
import { peersOf } from '../link/mailbox-store.ts';
import { eventRecordSchema, taskRecordSchema, type EventRecord, type Peer, type TaskRecord } from '../link/records.ts';
import { foldTask, type StoredEvent } from './fold.ts';
import type { AskView, TaskView, ThreadView } from './view.ts';

/** What the phone's database holds, as it is shown: the database is the truth, this is read from it. */
export interface Book {
  load(): Promise<void>;
  /** Reads these tasks again, and peers and presence. */
  refresh(tasks: Iterable<string>): Promise<void>;
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
  let peers: readonly Peer[] = [];
  let seen: ReadonlyMap<string, Seen> = new Map();
  let threads: readonly ThreadView[] = [];

  async function keep({ record, events }: TaskRow): Promise<void> {
    const row = { record, events: await Promise.all(events.map(storedEvent)) };
    rows.set(record.id, row);
    tasks.set(record.id, foldTask(record, row.events, words.get(record.id)));
  }
  async function readPeers(): Promise<void> {
    const read = await db.read(async (tx) => ({ peers: await peersOf(tx), seen: await seenOf(tx) }));
    peers = read.peers;
    seen = read.seen;
  }
  return {
    load: async () => {
      tasks.clear();
      rows.clear();
      await readPeers();
      const all = await db.read(allTasks);
      await Promise.all(all.map(keep));
      threads = threadsOf([...tasks.values()], threads);
    },
    refresh: async (ids) => {
      await readPeers();
      for (const id of new Set(ids)) {
        const row = await db.read((tx) => oneTask(tx, id));
        if (row) await keep(row);
      }
      threads = threadsOf([...tasks.values()], threads);
    },
    live: (id, text) => {
      words.set(id, text);
      const row = rows.get(id);
      if (!row) return;
      tasks.set(id, foldTask(row.record, row.events, text));
      threads = threadsOf([...tasks.values()], threads);
    },
    task: (id) => tasks.get(id),
    threads: () => threads,
    peers: () => peers,
    seen: (kid) => seen.get(kid),
  };
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
