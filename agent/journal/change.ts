import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '../../edge/protocol/id.ts';
import { hashNow } from './hash.ts';
import type { Journal } from './journal.ts';

/** A file written by a step. Hashes are SHA-256 in base64url; `before` is null when there was none. */
export interface FileChange {
  readonly path: string;
  readonly before: string | null;
  readonly after: string;
}

/** Keeps bytes by their hash, durably, before they are overwritten anywhere; returns the hash. */
export function keepBytes(journal: Journal, bytes: Uint8Array): string {
  const folder = join(journal.folder, 'before');
  const hash = hashNow(bytes);
  const path = join(folder, hash);
  if (existsSync(path)) return hash;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `${newId()}.part`);
  const file = openSync(draft, 'wx', 0o600);
  writeSync(file, bytes);
  fsyncSync(file);
  closeSync(file);
  renameSync(draft, path);
  return hash;
}

export const keptBytes = (journal: Journal, hash: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(join(journal.folder, 'before', hash)));

/** Notes what a step is about to write, before it writes: after a crash both images are still known. */
export function addChange(journal: Journal, step: { task: string; n: number }, change: FileChange): void {
  journal.write(() =>
    journal.db
      .query(
        `insert into change (task, n, path, before, after, at) values ($task, $n, $path, $before, $after, $at)
         on conflict (task, n, path) do update set after = excluded.after`,
      )
      .run({ task: step.task, n: step.n, ...change, at: journal.now() }),
  );
}

/** Part of the transaction that ends the step: its changes are real. */
export function confirmChanges(journal: Journal, step: { task: string; n: number }): void {
  journal.write(() =>
    journal.db.query('update change set done = 1 where task = $task and n = $n').run({ task: step.task, n: step.n }),
  );
}

/** The files a task wrote, each once, by its last change; in the order of writing. */
export const changesOf = (journal: Journal, task: string): FileChange[] =>
  journal.db
    .query<FileChange, { task: string }>(
      `select path, before, after from change
       where task = $task and done = 1 and id in (select max(id) from change where task = $task and done = 1 group by path) order by id`,
    )
    .all({ task });
