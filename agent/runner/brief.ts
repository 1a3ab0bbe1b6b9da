import { filesWritten } from '../journal/change.ts';
import type { Journal } from '../journal/journal.ts';
import { answerOf } from '../journal/result.ts';
import { listEarlier, type TaskRecord } from '../journal/task.ts';
import type { Brief } from './model.ts';
import { workspaceOf } from './workspace.ts';

/** Earlier tasks of a thread that are told, and how much of each answer. */
const MAX_EARLIER = 10;
const MAX_ANSWER = 4000;

/** What a task is about: the owner's words, and what came of the earlier ones in the thread. */
export function briefOf(
  journal: Journal,
  task: TaskRecord,
  options: Pick<Brief, 'attached' | 'home' | 'roots'>,
): Brief {
  const before = listEarlier(journal, task).slice(-MAX_EARLIER);
  return {
    text: task.text,
    grants: task.grants,
    earlier: before.map(({ id, text }) => ({
      text,
      answer: (answerOf(journal, id) ?? '(it did not finish)').slice(0, MAX_ANSWER),
      files: filesWritten(journal, id).map((change) => change.path),
    })),
    workspace: workspaceOf(journal, task.id),
    ...options,
  };
}
