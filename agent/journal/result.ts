import { eventSchema } from '../../edge/protocol/event.ts';
import type { Journal } from './journal.ts';

/** The final answer of a task that has one. */
export function answerOf(journal: Journal, task: string): string | undefined {
  const row = journal.db
    .query<{ json: string }, { task: string }>(
      "select json from event where task = $task and json ->> '$.what.kind' = 'result' order by i desc limit 1",
    )
    .get({ task });
  if (!row) return undefined;
  const { what } = eventSchema.parse(JSON.parse(row.json));
  return what.kind === 'result' ? what.text : undefined;
}
