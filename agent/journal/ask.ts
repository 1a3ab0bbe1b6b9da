import * as z from 'zod/mini';
import { askSchema, type Ask, type FrozenAction } from '../../edge/protocol/ask.ts';
import type { Answer } from '../../edge/protocol/up.ts';
import { newId } from '../../edge/protocol/id.ts';
import { audit } from './audit.ts';
import { appendEvent, draftHeadline } from './event.ts';
import type { Journal } from './journal.ts';
import { readTask, setState, type Asker } from './task.ts';

/** Seconds a question stays open. Silence parks the task, it does not fail it. */
const ASK_LIFE = 600;
/** More questions than this park the task: something is wrong with it. */
export const MAX_ASKS = 10;

export interface AskRecord {
  readonly ask: Ask;
  readonly task: string;
  readonly n: number;
  readonly digests: readonly string[];
  readonly state: 'open' | 'ok' | 'denied' | 'expired';
  readonly answeredBy: string | null;
  readonly because: string | null;
}

interface Row {
  task: string;
  n: number;
  ask: string;
  digests: string;
  state: AskRecord['state'];
  answered_by: string | null;
  because: string | null;
}

const digestsSchema = z.array(z.string());

const recordOf = (row: Row): AskRecord => ({
  ask: askSchema.parse(JSON.parse(row.ask)),
  task: row.task,
  n: row.n,
  digests: digestsSchema.parse(JSON.parse(row.digests)),
  state: row.state,
  answeredBy: row.answered_by,
  because: row.because,
});

export function readAsk(journal: Journal, id: string): AskRecord | undefined {
  const row = journal.db.query<Row, { id: string }>('select * from ask where id = $id').get({ id });
  return row ? recordOf(row) : undefined;
}

/** The question a task waits for, if any. */
export function openAskOf(journal: Journal, task: string): AskRecord | undefined {
  const row = journal.db
    .query<Row, { task: string }>("select * from ask where task = $task and state = 'open'")
    .get({ task });
  return row ? recordOf(row) : undefined;
}

/** The last question of one step. */
export function newestAskOf(journal: Journal, step: { task: string; n: number }): AskRecord | undefined {
  const row = journal.db
    .query<Row, { task: string; n: number }>(
      'select * from ask where task = $task and n = $n order by rowid desc limit 1',
    )
    .get(step);
  return row ? recordOf(row) : undefined;
}

export const countAsks = (journal: Journal, task: string): number =>
  journal.db
    .query<{ count: number }, { task: string }>('select count(*) as count from ask where task = $task')
    .get({ task })?.count ?? 0;

interface Question {
  readonly task: string;
  readonly n: number;
  readonly why: string;
  readonly high: boolean;
  readonly actions: readonly FrozenAction[];
}

/** Asks the owner: the question, its event, the notification and the task's state, in one transaction. Returns the ask's id. */
export function addAsk(journal: Journal, { task, n, why, high, actions }: Question): string {
  const ask: Ask = {
    ask: newId(),
    why,
    actions: actions.map((action) => action.bytes),
    high,
    exp: Math.floor(journal.now() / 1000) + ASK_LIFE,
  };
  return journal.write(() => {
    journal.db
      .query(
        "insert into ask (id, task, n, ask, digests, state, exp) values ($id, $task, $n, $ask, $digests, 'open', $exp)",
      )
      .run({
        id: ask.ask,
        task,
        n,
        ask: JSON.stringify(ask),
        digests: JSON.stringify(actions.map((action) => action.digest)),
        exp: ask.exp,
      });
    appendEvent(journal, task, { kind: 'ask', ask });
    draftHeadline(journal, { t: task, what: 'ask', title: 'Your answer is needed', text: why });
    setState(journal, task, { is: 'waiting', ask: ask.ask });
    return ask.ask;
  });
}

/** Why an answer was not taken. 'late' asks for the question to be put again; it grants nothing. */
type AnswerRefusal = 'unknown' | 'other-actions' | 'late' | 'answered';

/**
 * Takes the owner's answer: it must name this open question and exactly its actions. The first valid one wins; nothing here
 * executes anything. Returns undefined when it was taken.
 */
export function takeAnswer(journal: Journal, answer: Answer, by: Asker): AnswerRefusal | undefined {
  return journal.write(() => {
    const record = readAsk(journal, answer.ask);
    const refusal = record ? refusalOf(journal, record, answer) : 'unknown';
    if (!record || refusal) {
      audit(journal, { did: 'refused-control', kind: 'answer', by: by.kid, why: refusal ?? 'unknown' });
      return refusal;
    }
    settle(journal, record, answer, by);
    return undefined;
  });
}

function refusalOf(journal: Journal, record: AskRecord, answer: Answer): AnswerRefusal | undefined {
  if (answer.digests.join() !== record.digests.join()) return 'other-actions';
  if (record.state === 'expired') return 'late';
  if (record.state !== 'open') return 'answered';
  return record.ask.exp <= journal.now() / 1000 ? 'late' : undefined;
}

function settle(journal: Journal, record: AskRecord, answer: Answer, by: Asker): void {
  const { ok, because } = answer;
  journal.db
    .query('update ask set state = $state, answered_by = $by, because = $because where id = $id')
    .run({ id: answer.ask, state: ok ? 'ok' : 'denied', by: by.kid, because: because ?? null });
  appendEvent(journal, record.task, { kind: 'answered', ask: answer.ask, ok, by: by.name });
  audit(journal, { did: 'answered', ask: answer.ask, ok, by: by.kid });
  setState(journal, record.task, { is: 'queued' });
}

/** Closes the questions nobody answered in time and parks their tasks. */
export function expireAsks(journal: Journal): void {
  journal.write(() => {
    const rows = journal.db
      .query<{ id: string; task: string }, { now: number }>(
        "select id, task from ask where state = 'open' and exp <= $now",
      )
      .all({ now: journal.now() / 1000 });
    for (const { id, task } of rows) {
      journal.db.query("update ask set state = 'expired' where id = $id").run({ id });
      setState(journal, task, { is: 'parked', why: 'ask-expired' });
    }
  });
}

/** One tap on an expired question puts it again: the task runs on to the same step, which asks anew. */
export function askAgain(journal: Journal, id: string): void {
  journal.write(() => {
    expireAsks(journal);
    const record = readAsk(journal, id);
    const task = record && readTask(journal, record.task);
    if (record?.state === 'expired' && task?.state.is === 'parked') setState(journal, task.id, { is: 'queued' });
  });
}
