import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join, sep } from 'node:path';
import { newId } from '../../edge/protocol/id.ts';
import { hashNow } from './hash.ts';
import type { Journal } from './journal.ts';

/** A file written by a step. Hashes are SHA-256 in base64url; `before` is null when there was none. */
interface FileChange {
  readonly path: string;
  readonly before: string | null;
  readonly after: string;
  /** The task's bits when it wrote. */
  readonly taint: { readonly untrusted: boolean; readonly private: boolean };
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
  try {
    // writeSync would stop where a full disk or a limit stops it, and not say so.
    writeFileSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  syncFolder(folder);
  syncFolder(journal.folder);
  return hash;
}

/** A name outlasts a loss of power only when its folder was written, too. */
function syncFolder(folder: string): void {
  // Windows does it by itself, and opens no folder.
  if (sep !== '/') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

export const keptBytes = (journal: Journal, hash: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(join(journal.folder, 'before', hash)));

/** Notes with the intent what a step is about to write: after a crash both images are still known. */
export function addChange(journal: Journal, step: { task: string; n: number }, change: FileChange): void {
  const { path, before, after, taint } = change;
  journal.write(() =>
    journal.db
      .query(
        `insert into change (task, n, path, before, after, untrusted, private, at)
         values ($task, $n, $path, $before, $after, $untrusted, $private, $at)
         on conflict (task, n, path) do update set after = excluded.after`,
      )
      .run({
        task: step.task,
        n: step.n,
        path,
        before,
        after,
        untrusted: Number(taint.untrusted),
        private: Number(taint.private),
        at: journal.now(),
      }),
  );
}

/** Part of the transaction that ends the step: its changes are real. */
export function confirmChanges(journal: Journal, step: { task: string; n: number }): void {
  journal.write(() =>
    journal.db.query('update change set done = 1 where task = $task and n = $n').run({ task: step.task, n: step.n }),
  );
}

/** What a step was to write, when all of that is on the disk: then the process died after writing it. Else nothing. */
export function writtenBy(journal: Journal, step: { task: string; n: number }): readonly string[] {
  const rows = journal.db
    .query<Row, { task: string; n: number }>('select * from change where task = $task and n = $n order by id')
    .all({ task: step.task, n: step.n });
  return rows.every(({ path, after }) => hashOf(path) === after) ? rows.map(({ path }) => path) : [];
}

function hashOf(path: string): string | undefined {
  try {
    return hashNow(readFileSync(path));
  } catch {
    return undefined;
  }
}

interface Row {
  path: string;
  before: string | null;
  after: string;
  untrusted: number;
  private: number;
  done: number;
}

const changesOf = (journal: Journal, task: string): Row[] =>
  journal.db.query<Row, { task: string }>('select * from change where task = $task order by id').all({ task });

const newestByPath = (rows: readonly Row[]): Map<string, FileChange> =>
  new Map(
    rows.map(({ path, before, after, untrusted, private: priv }) => [
      path,
      { path, before, after, taint: { untrusted: untrusted === 1, private: priv === 1 } },
    ]),
  );

/** The files a task wrote, each once, by its last change. */
export const filesWritten = (journal: Journal, task: string): FileChange[] => [
  ...newestByPath(changesOf(journal, task).filter((row) => row.done === 1)).values(),
];

/** Also what a step began to write and a crash cut off: found on the disk, it is this task's own. */
export const filesTouched = (journal: Journal, task: string): Map<string, FileChange> =>
  newestByPath(changesOf(journal, task));
