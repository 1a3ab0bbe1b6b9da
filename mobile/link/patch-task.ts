import type { Tx } from './db.ts';
import { taskRecordSchema, type TaskRecord } from './records.ts';

/** Changes what is kept of a task, inside the transaction that made it necessary. */
export async function patchTask(tx: Tx, id: string, patch: (record: TaskRecord) => TaskRecord): Promise<void> {
  await tx.put('tasks', id, patch(taskRecordSchema.parse(await tx.get('tasks', id))));
}
