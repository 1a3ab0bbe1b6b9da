import { callsIn, resultsIn, type Message } from '../model.ts';

/** A tool call a plan wants, and what it hears back. */
export interface Call {
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
}
export interface Heard {
  readonly ok: boolean;
  readonly text: string;
}

/** What the owner reads, and whether what was asked for came about. */
export interface Answer {
  readonly ok: boolean;
  readonly text: string;
}

/** Rules as a generator: it yields tool calls, hears their results, and returns the answer. The same words give the same plan. */
export type Plan<Result = Answer> = Generator<Call, Result, Heard>;

export type Next =
  | { readonly is: 'call'; readonly call: Call; readonly id: string }
  | { readonly is: 'answer'; readonly answer: Answer };

/** Runs the plan again over the results so far: nothing has to be remembered between turns, or across a restart. */
export function nextOf(plan: Plan, messages: readonly Message[]): Next {
  const heard = messages.flatMap((message) => (message.role === 'user' ? resultsIn(message.content) : []));
  const asked = messages.flatMap((message) => (message.role === 'assistant' ? callsIn(message.content) : []));
  let step = plan.next();
  for (const { content, is_error: failed } of heard) {
    if (step.done === true) break;
    step = plan.next({ ok: failed !== true, text: content });
  }
  return step.done === true
    ? { is: 'answer', answer: step.value }
    : { is: 'call', call: step.value, id: `plan_${asked.length + 1}` };
}
