import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackParcel, type Parcel } from '../../edge/protocol/parcel.ts';
import type { Journal } from '../journal/journal.ts';
import { PART_PAUSE_MS, PART_TRIES, type RunnerDeps } from './deps.ts';

/** A task's private folder. */
export const workspaceOf = (journal: Journal, task: string): string => join(journal.folder, 'work', task);

/** A name that stays inside the folder, whatever the sender called the file; numbered when it is taken. */
function safeName(name: string, taken: ReadonlySet<string>): string {
  const plain =
    name
      .replace(/[\p{Cc}/\\:*?"<>|]/gu, '_')
      .replace(/^\.+/, '')
      .trim()
      .slice(-120) || 'file';
  if (!taken.has(plain)) return plain;
  return safeName(`${taken.size + 1} ${plain}`, taken);
}

const isPassing = (error: unknown): boolean => error instanceof Error && 'passing' in error && error.passing === true;

/** The file's bytes; waits for a network that is away just now. Errors of `parts.get` pass through. */
async function fetched({ parts, wait }: RunnerDeps, parcel: Parcel, signal: AbortSignal): Promise<Uint8Array> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await unpackParcel(parcel, parts.get);
    } catch (error) {
      signal.throwIfAborted();
      if (attempt === PART_TRIES || !isPassing(error)) throw error;
      await wait(PART_PAUSE_MS, signal);
    }
  }
}

/** Makes the workspace and puts the files that came with the task into it. Returns their paths. */
export async function fillWorkspace(
  deps: RunnerDeps,
  task: { id: string; files: readonly Parcel[] },
  signal: AbortSignal,
): Promise<string[]> {
  const { journal } = deps;
  const folder = workspaceOf(journal, task.id);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const names = new Set<string>();
  for (const parcel of task.files) {
    const name = safeName(parcel.name, names);
    names.add(name);
    const path = join(folder, name);
    if (existsSync(path)) continue;
    const bytes = await fetched(deps, parcel, signal);
    writeFileSync(`${path}.part`, bytes, { mode: 0o600 });
    renameSync(`${path}.part`, path);
  }
  return [...names].map((name) => join(folder, name));
}
