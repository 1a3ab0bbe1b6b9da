import { MAX_LIFE } from '../../edge/protocol/envelope.ts';
import type { Grant } from '../../edge/protocol/grant.ts';
import { newId } from '../../edge/protocol/id.ts';
import type { Parcel } from '../../edge/protocol/parcel.ts';
import { taskSchema, type Task } from '../../edge/protocol/task.ts';
import { dropFiles, filesOf, keepFiles } from '../link/attachments.ts';
import type { Tx } from '../link/db.ts';
import { PhoneFault } from '../link/fault.ts';
import { addDraft } from '../link/mailbox-store.ts';
import type { TaskRecord } from '../link/records.ts';
import type { Book } from './book.ts';
import type { PhoneDeps } from './deps.ts';
import { dropDraft } from './drafts.ts';
import type { TaskView } from './view.ts';

export interface NewTask {
  /** The desktop's kid. */
  readonly desktop: string;
  readonly text: string;
  readonly grants: readonly Grant[];
  /** The thread to go on with; without it a new one begins. */
  readonly thread?: string | undefined;
  readonly files?: readonly Parcel[];
  readonly script?: string | undefined;
  readonly ifMissed?: Task['ifMissed'];
  /** Unix seconds. */
  readonly deadline?: number;
  /** Where it was written: that draft is over once it is sent. */
  readonly draft?: string;
}

/** How a task leaves: stored first, sent when the relay can be reached. */
export interface Dispatch {
  /** Puts a task into the outbox, durably; resolves with its id. It is sent as soon as the relay can be reached. */
  send(task: NewTask): Promise<string>;
  /**
   * Sends the words, grants and files of a task once more. One that never came to its desktop makes room for the new one. Rejects
   * with `task.unsent` when it was sent again already, in another tab.
   */
  again(task: string): Promise<string>;
}

interface DispatchOptions {
  readonly deps: Pick<PhoneDeps, 'db' | 'now'>;
  readonly book: Book;
  /** A task changed, and there may be something to send. */
  readonly changed: () => Promise<void>;
}

export function createDispatch({ deps, book, changed }: DispatchOptions): Dispatch {
  /** `first` happens in the same transaction. */
  async function send(task: NewTask, first: (tx: Tx) => Promise<void>): Promise<string> {
    const desktop = book.peers().find(({ device }) => device.kid === task.desktop);
    if (desktop?.dropped !== undefined) throw new PhoneFault('pairing.dropped');
    const { record, body } = compose(task, book, deps.now());
    const json = JSON.stringify(taskSchema.parse(body));
    const { id } = record;
    await deps.db.write(async (tx) => {
      await first(tx);
      await tx.put('tasks', id, record);
      if (task.files && task.files.length > 0) await keepFiles(tx, id, task.files);
      await addDraft(tx, { id, k: 'task', json, to: [task.desktop], life: MAX_LIFE, reseal: false });
    });
    // It is sent: what cannot be shown just now is shown later, and must not look like something to send once more.
    await changed().catch(() => undefined);
    return id;
  }
  return {
    send: (task) => send(task, async (tx) => (task.draft === undefined ? undefined : dropDraft(tx, task.draft))),
    again: async (id) => {
      const task = book.task(id);
      if (!task) throw new PhoneFault('phone.failed', 'no such task');
      const { desktop, text, grants, thread, script } = task;
      const files = await deps.db.read((tx) => filesOf(tx, id));
      return send({ desktop, text, grants, thread, script, files }, (tx) => makeRoom(tx, id));
    },
  };
}

/** Takes away a task that no desktop ever spoke of; another one stays as it is. */
async function makeRoom(tx: Tx, id: string): Promise<void> {
  const row = await tx.get('tasks', id);
  if (row === undefined) throw new PhoneFault('task.unsent', 'it was sent again already');
  if ((await tx.all('events', `${id}/`)).length > 0) return;
  await tx.delete('tasks', id);
  await dropFiles(tx, id);
}

/** A task that will never arrive must not be waited for: the desktop holds a task until its predecessor is known. */
function willArrive({ standing, have }: TaskView): boolean {
  // A task that is at its desktop has two events from the first moment; with one alone it was refused at the door.
  if (standing.is === 'ended') return have > 1;
  return standing.is !== 'withdrawn' && standing.is !== 'unsent';
}

function compose(task: NewTask, book: Book, now: number): { record: TaskRecord; body: Task } {
  const { desktop, text, script } = task;
  const id = newId();
  const earlier = book.threads().find((thread) => thread.id === task.thread)?.tasks ?? [];
  const after = earlier.findLast(willArrive);
  const grants = [...task.grants];
  const record: TaskRecord = {
    id,
    desktop,
    text,
    grants,
    script,
    thread: after?.thread ?? id,
    files: (task.files ?? []).map((file) => file.name),
    at: now,
    sent: { at: 'here' },
    answers: {},
  };
  return { record, body: bodyOf(task, after) };
}

function bodyOf({ text, grants, files = [], script, ifMissed = 'run', deadline }: NewTask, after?: TaskView): Task {
  return {
    kind: 'task',
    text,
    thread: after?.thread ?? null,
    after: after?.id ?? null,
    grants: [...grants],
    ifMissed,
    ...(files.length > 0 && { files: [...files] }),
    ...(script !== undefined && { script }),
    ...(deadline !== undefined && { deadline }),
  };
}
