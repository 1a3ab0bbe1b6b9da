import * as z from 'zod/mini';
import { appendEvent } from './event.ts';
import type { Journal } from './journal.ts';

/** What came of a tool call: `text` is what the model reads. */
const outcomeSchema = z.object({
  is: z.enum(['done', 'failed', 'refused']),
  text: z.string(),
  /** A short word for the phone, e.g. "12 pages". */
  detail: z.optional(z.string()),
});
export type Outcome = z.infer<typeof outcomeSchema>;

const begunSchema = z.object({
  /** Digests of the actions the owner approved for it. */
  answered: z.array(z.string()),
  /** The task's taint before it: what the step itself read must not be held against doing it again. */
  taint: z.object({ untrusted: z.boolean(), private: z.boolean() }),
});
export type Begun = z.infer<typeof begunSchema>;

export type StepClass = 'pure' | 'idem' | 'once';

/** How far a step came: decided by what its two transactions left behind. */
type Progress =
  /** Nothing was begun. */
  | { readonly is: 'fresh' }
  | { readonly is: 'asked'; readonly ask: string }
  /** Begun and not finished by a process that is gone: the effect may have happened. */
  | { readonly is: 'begun'; readonly begun: Begun }
  | { readonly is: 'over'; readonly outcome: Outcome };

export interface StepRecord {
  readonly task: string;
  readonly n: number;
  /** The model's id of this call. */
  readonly call: string;
  readonly tool: string;
  readonly title: string;
  readonly class: StepClass;
  readonly input: string;
  readonly progress: Progress;
}

interface Row {
  task: string;
  n: number;
  call: string;
  tool: string;
  title: string;
  class: StepClass;
  input: string;
  begun: string | null;
  ask: string | null;
  intent: number | null;
  outcome: string | null;
}

function progressOf({ begun, ask, intent, outcome }: Row): Progress {
  if (outcome !== null) return { is: 'over', outcome: outcomeSchema.parse(JSON.parse(outcome)) };
  if (intent !== null) return { is: 'begun', begun: begunSchema.parse(JSON.parse(begun ?? '')) };
  return ask === null ? { is: 'fresh' } : { is: 'asked', ask };
}

const recordOf = (row: Row): StepRecord => {
  const { task, n, call, tool, title, input } = row;
  return { task, n, call, tool, title, class: row.class, input, progress: progressOf(row) };
};

export function findStep(journal: Journal, task: string, call: string): StepRecord | undefined {
  const row = journal.db
    .query<Row, { task: string; call: string }>('select * from step where task = $task and call = $call')
    .get({ task, call });
  return row ? recordOf(row) : undefined;
}

export const countSteps = (journal: Journal, task: string): number =>
  journal.db
    .query<{ count: number }, { task: string }>('select count(*) as count from step where task = $task')
    .get({ task })?.count ?? 0;

/** How often a step was begun since its task was last parked: more than once means that a process ended in it. */
export const countStarts = (journal: Journal, { task, n }: Pick<StepRecord, 'task' | 'n'>): number =>
  journal.db
    .query<{ count: number }, { task: string; n: number }>(
      `select count(*) as count from event
       where task = $task and json ->> '$.what.kind' = 'step' and json ->> '$.what.n' = $n
         and i > (select ifnull(max(i), 0) from event where task = $task and json ->> '$.what.state.is' = 'parked')`,
    )
    .get({ task, n })?.count ?? 0;

/** Gives a tool call its number in the task. */
export function addStep(journal: Journal, step: Omit<StepRecord, 'n' | 'progress'>): StepRecord {
  return journal.write(() => {
    const n = countSteps(journal, step.task) + 1;
    const { task, call, tool, title, input } = step;
    journal.db
      .query(
        `insert into step (task, n, call, tool, title, class, input, decision)
         values ($task, $n, $call, $tool, $title, $class, $input, 'void')`,
      )
      .run({ task, n, call, tool, title, class: step.class, input });
    return { ...step, n, progress: { is: 'fresh' } };
  });
}

/** First transaction of the step protocol: from here on the effect may have happened. */
export function intendStep(journal: Journal, step: StepRecord, begun: Begun): void {
  journal.write(() => {
    journal.db
      .query(
        "update step set decision = 'allow', begun = $begun, intent = $epoch where task = $task and n = $n and outcome is null",
      )
      .run({ task: step.task, n: step.n, begun: JSON.stringify(begun), epoch: journal.epoch });
    tell(journal, step, 'started');
  });
}

/** Second transaction: what came of it. */
export function endStep(journal: Journal, step: StepRecord, outcome: Outcome): void {
  journal.write(() => {
    journal.db
      .query(
        `update step set outcome = $outcome, decision = iif($refused = 1, 'deny', decision)
         where task = $task and n = $n and outcome is null`,
      )
      .run({ task: step.task, n: step.n, outcome: JSON.stringify(outcome), refused: Number(outcome.is === 'refused') });
    tell(journal, step, outcome.is, outcome.detail);
  });
}

/** The step waits for the owner's answer to `ask`; a later ask replaces an earlier one that no longer fits. */
export function askStep(journal: Journal, step: StepRecord, ask: string): void {
  journal.write(() =>
    journal.db
      .query("update step set decision = 'ask', ask = $ask, intent = null where task = $task and n = $n")
      .run({ task: step.task, n: step.n, ask }),
  );
}

function tell(journal: Journal, step: StepRecord, state: 'started' | Outcome['is'], detail?: string): void {
  const { n, tool, title } = step;
  appendEvent(journal, step.task, { kind: 'step', n, tool, title, state, ...(detail !== undefined && { detail }) });
}
