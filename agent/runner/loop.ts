import * as z from 'zod/mini';
import { appendEvent, draftLive } from '../journal/event.ts';
import { countSteps, findStep } from '../journal/step.ts';
import type { TaskRecord } from '../journal/task.ts';
import { addTurn, listTurns, type Turn } from '../journal/turn.ts';
import type { RunnerDeps } from './deps.ts';
import {
  callsIn,
  CANNOT,
  contentSchema,
  replySchema,
  textIn,
  type Block,
  type Brief,
  type CallBlock,
  type Message,
  type Model,
  type Reply,
  type ToolSpec,
} from './model.ts';
import { tooLong } from './model-fault.ts';
import { briefText, SYSTEM } from './prompt.ts';
import { runStep, type StepEnd } from './step.ts';

export type LoopEnd =
  | { readonly is: 'answer'; readonly fate: 'done' | 'failed'; readonly text: string }
  | { readonly is: 'failed'; readonly why: string }
  | Exclude<StepEnd, { is: 'over' }>;

/** Tool calls of a task that names no budget of its own. */
const DEFAULT_STEPS = 60;
/** The phone sees a growing answer at most twice a second. */
const LIVE_MS = 500;
const MAX_NOTE = 4000;

interface Loop {
  readonly deps: RunnerDeps;
  readonly task: TaskRecord;
  readonly brief: Brief;
  readonly model: Model;
  readonly signal: AbortSignal;
}

/**
 * The conversation of one task, from wherever the journal has it. Every turn is stored whole before it is acted on, and a stored turn
 * is never asked for again. Tool calls run one after the other, in the order the model gave them. Rejects with ModelFault, or with the
 * signal's reason.
 */
export async function runLoop(loop: Loop): Promise<LoopEnd> {
  const { deps, task, brief } = loop;
  const { journal } = deps;
  if (listTurns(journal, task.id).length === 0) {
    storeTurn(loop, 0, { role: 'user', json: JSON.stringify([{ type: 'text', text: briefText(brief) }]) });
  }
  for (;;) {
    const turns = listTurns(journal, task.id);
    const last = turns.at(-1);
    if (last?.role === 'user') {
      const spent = whatIsSpent(loop, turns);
      if (spent) return { is: 'failed', why: `The task used up its ${spent}. Send a follow-up to go on.` };
      await askModel(loop, turns);
      continue;
    }
    const end = await obeyReply(loop, replySchema.parse(JSON.parse(last?.json ?? '')), turns.slice(0, -1));
    if (end) return end;
  }
}

function whatIsSpent({ deps, task }: Loop, turns: readonly Turn[]): 'steps' | 'tokens' | undefined {
  const { steps = DEFAULT_STEPS, tokens = Infinity } = task.budget;
  if (countSteps(deps.journal, task.id) >= steps) return 'steps';
  const used = turns.reduce((sum, turn) => sum + (turn.role === 'assistant' ? tokensOf(turn) : 0), 0);
  return used >= tokens ? 'tokens' : undefined;
}

function tokensOf(turn: Turn): number {
  const { usage } = replySchema.parse(JSON.parse(turn.json));
  return usage ? usage.input_tokens + usage.output_tokens : 0;
}

function storeTurn({ deps, task }: Loop, i: number, turn: Turn): void {
  addTurn(deps.journal, task.id, i, turn);
}

const messageOf = (turn: Turn): Message => {
  const json: unknown = JSON.parse(turn.json);
  return turn.role === 'user'
    ? { role: 'user', content: contentSchema.parse(json) }
    : { role: 'assistant', content: replySchema.parse(json).content };
};

async function askModel(loop: Loop, turns: readonly Turn[]): Promise<void> {
  const { deps, task, brief, model, signal } = loop;
  const { journal } = deps;
  let shownAt = 0;
  const reply = await model.next({
    brief,
    system: SYSTEM,
    messages: turns.map(messageOf),
    tools: deps.tools.map(specOf),
    signal,
    onText: (text) => {
      if (journal.now() - shownAt < LIVE_MS) return;
      shownAt = journal.now();
      draftLive(journal, task.id, text.slice(-MAX_NOTE));
    },
  });
  signal.throwIfAborted();
  deps.failpoint('turn.before-store');
  journal.write(() => {
    storeTurn(loop, turns.length, { role: 'assistant', json: JSON.stringify(reply) });
    const said = textIn(reply.content);
    if (said !== '' && callsIn(reply.content).length > 0) {
      appendEvent(journal, task.id, { kind: 'note', text: said.slice(0, MAX_NOTE) });
    }
  });
  deps.failpoint('turn.after-store');
}

const specOf = ({ name, description, input }: RunnerDeps['tools'][number]): ToolSpec => ({
  name,
  description,
  schema: z.toJSONSchema(input, { target: 'draft-7', io: 'input' }),
});

/** Does what the model's reply asks for; undefined when the conversation goes on. */
async function obeyReply(loop: Loop, reply: Reply, before: readonly Turn[]): Promise<LoopEnd | undefined> {
  const calls = callsIn(reply.content);
  if (reply.stop_reason === 'refusal') return { is: 'failed', why: DECLINED };
  if (reply.stop_reason === 'model_context_window_exceeded') return { is: 'failed', why: tooLong().message };
  if (calls.length === 0) return answerIn(loop, reply);
  const results: Block[] = [];
  const used = before.flatMap(callIdsIn);
  for (const call of calls) {
    const own = { ...call, id: ownId(call.id, used) };
    used.push(call.id);
    const end = reply.stop_reason === 'max_tokens' ? CUT_OFF : await obeyCall(loop, own);
    if (end.is !== 'over') return end;
    results.push(resultBlock(call, end.outcome));
  }
  loop.signal.throwIfAborted();
  storeTurn(loop, before.length + 1, { role: 'user', json: JSON.stringify(results) });
  return undefined;
}

const DECLINED =
  'The model declined to do this. Say in other words what it is for, or choose another model with `errand setup` at the desktop.';
const AT_LIMIT =
  'The answer was cut off at the length limit of the model. Send a follow-up to go on, or ask for less at once.';

/** What a reply without calls says. Silence is no success. */
function answerIn({ deps, task }: Loop, reply: Reply): Extract<LoopEnd, { is: 'answer' }> {
  const text = textIn(reply.content);
  if (reply.stop_reason === 'max_tokens')
    return { is: 'answer', fate: 'failed', text: `${text}\n\n${AT_LIMIT}`.trim() };
  if (text !== '') return { is: 'answer', fate: reply.stop_reason === CANNOT ? 'failed' : 'done', text };
  return countSteps(deps.journal, task.id) > 0
    ? { is: 'answer', fate: 'done', text: 'The model ended without a word. Its steps show what was done.' }
    : { is: 'answer', fate: 'failed', text: 'The model answered with nothing. Send the task again in other words.' };
}

/** A reply may hold any number of calls: what is beyond the budget is not begun. */
async function obeyCall({ deps, task, signal }: Loop, call: CallBlock): Promise<StepEnd> {
  const { steps = DEFAULT_STEPS } = task.budget;
  const known = findStep(deps.journal, task.id, call.id) !== undefined;
  return known || countSteps(deps.journal, task.id) < steps ? runStep(deps, task.id, call, signal) : SPENT;
}

const SPENT: Extract<StepEnd, { is: 'over' }> = {
  is: 'over',
  outcome: { is: 'failed', text: 'The task has used up its steps, so this was not done.' },
};

const callIdsIn = (turn: Turn): string[] =>
  turn.role === 'assistant' ? callsIn(messageOf(turn).content).map(({ id }) => id) : [];

/** Some servers count their calls anew in each turn: an id that was there before names another call. */
function ownId(id: string, used: readonly string[]): string {
  const times = used.filter((other) => other === id).length;
  return times === 0 ? id : `${id}#${times + 1}`;
}

/** A reply that hit the length limit may end in the middle of a call's input. */
const CUT_OFF: Extract<StepEnd, { is: 'over' }> = {
  is: 'over',
  outcome: {
    is: 'failed',
    text: 'Your reply was cut off at the length limit, so nothing was done. Make smaller calls.',
  },
};

const resultBlock = (call: CallBlock, outcome: { is: string; text: string }): Block => ({
  type: 'tool_result',
  tool_use_id: call.id,
  content: outcome.text === '' ? '(nothing)' : outcome.text,
  ...(outcome.is !== 'done' && { is_error: true }),
});
