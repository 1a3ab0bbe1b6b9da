import * as z from 'zod/mini';
import { parcelSchema, type Parcel } from '../../edge/protocol/parcel.ts';
import type { Tx } from './db.ts';

/*
 * What a task took along, kept for as long as it may have to be sent again. Apart from the task, because all tasks are in memory.
 */

const keyOf = (task: string): string => `files/${task}`;

export const keepFiles = (tx: Tx, task: string, files: readonly Parcel[]): Promise<void> =>
  tx.put('meta', keyOf(task), files);

export async function filesOf(tx: Tx, task: string): Promise<readonly Parcel[]> {
  const row = await tx.get('meta', keyOf(task));
  return row === undefined ? [] : z.array(parcelSchema).parse(row);
}

export const dropFiles = (tx: Tx, task: string): Promise<void> => tx.delete('meta', keyOf(task));
