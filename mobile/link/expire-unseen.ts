import { MAX_CLOCK_AHEAD } from '../../edge/protocol/envelope.ts';
import type { Db, Tx } from './db.ts';
import { markSent } from './mailbox-store.ts';
import { taskRecordSchema, type TaskRecord } from './records.ts';

/** Tasks whose envelope has expired at the relay, as far as nobody has looked at that yet. */
async function overdue(tx: Tx, now: number): Promise<readonly TaskRecord[]> {
  const tasks = (await tx.all('tasks')).map((row) => taskRecordSchema.parse(row));
  return tasks.filter(({ sent }) => sent.at === 'relay' && sent.exp !== undefined && sent.exp + MAX_CLOCK_AHEAD < now);
}

/** Ends the tasks of which no desktop has spoken before their envelope expired; returns these. `now` in Unix seconds. */
export async function expireUnseen(db: Db, now: number): Promise<readonly TaskRecord[]> {
  if ((await db.read((tx) => overdue(tx, now))).length === 0) return [];
  return db.write(async (tx) => {
    const expired: TaskRecord[] = [];
    for (const task of await overdue(tx, now)) {
      const unseen = (await tx.all('events', `${task.id}/`)).length === 0;
      await markSent(tx, task.id, { at: unseen ? 'expired' : 'relay' });
      if (unseen) expired.push(task);
    }
    return expired;
  });
}
