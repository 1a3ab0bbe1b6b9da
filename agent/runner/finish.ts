import type { Fate } from '../../edge/protocol/task.ts';
import type { Parcel } from '../../edge/protocol/parcel.ts';
import { appendEvent } from '../journal/event.ts';
import type { Journal } from '../journal/journal.ts';
import { endTask, readTask } from '../journal/task.ts';
import { PART_PAUSE_MS, PART_TRIES, type RunnerDeps } from './deps.ts';
import { packFiles } from './pack.ts';

/** Characters of an answer. A longer one belongs in a file. */
const MAX_ANSWER = 16_000;
const MAX_WHY = 2000;

interface Finish {
  readonly task: string;
  readonly text: string;
  readonly by: string;
  readonly fate: Extract<Fate, 'done' | 'failed' | 'refused'>;
  readonly signal: AbortSignal;
}

/** Ends a task with its answer and files: result, state, fate and notification in one transaction. */
export async function finish(deps: RunnerDeps, { task, text, by, fate, signal }: Finish): Promise<void> {
  const { journal } = deps;
  const answer = text.slice(0, MAX_ANSWER);
  const files = await packed(deps, { task, text: answer, signal });
  deps.failpoint('task.before-end');
  journal.write(() => {
    const record = readTask(journal, task);
    if (!record || record.state.is === 'ended') return;
    appendEvent(journal, task, { kind: 'result', text: answer, files, by, untrusted: record.taint.untrusted });
    endTask(journal, task, { fate, headline: { title: titleOf(fate, record.text), text: answer } });
  });
  deps.failpoint('task.after-end');
}

/** Ends a task that could not be done, in words that say what to do. */
export function fail(journal: Journal, task: string, reason: string): void {
  const why = reason.slice(0, MAX_WHY);
  const text = readTask(journal, task)?.text ?? '';
  endTask(journal, task, { fate: 'failed', why, headline: { title: titleOf('failed', text), text: why } });
}

const WORDS = { done: 'Done', failed: 'Failed', refused: 'Refused' } satisfies Record<Finish['fate'], string>;
const titleOf = (fate: Finish['fate'], text: string): string => `${WORDS[fate]}: ${text}`;

async function packed(
  deps: RunnerDeps,
  { task, text, signal }: { task: string; text: string; signal: AbortSignal },
): Promise<Parcel[]> {
  const { journal, parts, wait } = deps;
  for (let attempt = 1; attempt < PART_TRIES; attempt++) {
    try {
      return await packFiles(journal, { task, text, put: parts.put });
    } catch {
      signal.throwIfAborted();
      await wait(PART_PAUSE_MS, signal);
    }
  }
  return packFiles(journal, { task, text, put: undefined });
}
