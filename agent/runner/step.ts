import * as z from 'zod/mini';
import { freezeAction, thawAction, type FrozenAction } from '../../edge/protocol/ask.ts';
import { addAsk, countAsks, MAX_ASKS, readAsk, type AskRecord } from '../journal/ask.ts';
import { audit } from '../journal/audit.ts';
import { addChange, confirmChanges, filesTouched, keepBytes, writtenBy } from '../journal/change.ts';
import { appendEvent } from '../journal/event.ts';
import {
  addStep,
  askStep,
  countStarts,
  endStep,
  findStep,
  intendStep,
  type Begun,
  type Outcome,
  type StepRecord,
} from '../journal/step.ts';
import { raiseTaint, readTask, setState, type TaskRecord } from '../journal/task.ts';
import { gate, type Verdict } from '../policy/gate.ts';
import type { Intent } from '../policy/intent.ts';
import type { Written } from '../policy/surroundings.ts';
import { ToolError } from '../tools/result.ts';
import type { Tool, ToolContext } from '../tools/tool.ts';
import type { RunnerDeps } from './deps.ts';
import type { CallBlock } from './model.ts';
import { workspaceOf } from './workspace.ts';

/** `stopped`: cut off by the signal, to be taken up again; what was begun is in the journal. */
export type StepEnd =
  | { readonly is: 'over'; readonly outcome: Outcome }
  | { readonly is: 'waiting' }
  | { readonly is: 'parked' }
  | { readonly is: 'stopped' };

/** Beginnings without an end, a park aside, after which a step is taken for what ends the agent. */
const MAX_STARTS = 3;
/** Characters of a name or title, which a model may have made. */
const MAX_TITLE = 200;
/** Characters of a tool's result that a model is given. */
const MAX_RESULT = 100_000;
const MAX_DETAIL = 200;

interface Job {
  readonly deps: RunnerDeps;
  readonly tool: Tool;
  readonly step: StepRecord;
  readonly input: unknown;
  readonly signal: AbortSignal;
}

/**
 * Carries out one tool call, from wherever an earlier run left it. Its outcome is used again when there is one; a call whose effect may
 * have happened is repeated only when its class says that this is harmless, else the owner is asked. Failures are outcomes, never
 * exceptions.
 */
export async function runStep(deps: RunnerDeps, task: string, call: CallBlock, signal: AbortSignal): Promise<StepEnd> {
  const tool = deps.tools.find((each) => each.name === call.name);
  const parsed = tool?.input.safeParse(call.input);
  const step = findStep(deps.journal, task, call.id) ?? register(deps, { task, call, tool, input: parsed?.data });
  if (tool && parsed?.success) return goOn({ deps, tool, step, input: parsed.data, signal });
  if (step.progress.is === 'over') return { is: 'over', outcome: step.progress.outcome };
  return end(deps, step, { is: 'failed', text: misfit(call.name, parsed?.error) });
}

const misfit = (name: string, error: z.core.$ZodError | undefined): string =>
  error ? `The input does not fit the tool. ${z.prettifyError(error)}` : `There is no tool "${name}".`;

async function goOn(job: Job): Promise<StepEnd> {
  const { progress } = job.step;
  switch (progress.is) {
    case 'fresh':
      return perform(job, asOfNow(job));
    case 'begun':
      if (job.step.class === 'once') return askRepeat(job);
      return takeUp(job, progress.begun);
    case 'asked':
      return afterAsk(job, progress.ask);
    case 'over':
      return { is: 'over', outcome: progress.outcome };
  }
}

/** A step that may be done again, and was begun by a process that is gone. */
async function takeUp(job: Job, begun: Begun): Promise<StepEnd> {
  const { deps, step } = job;
  const { journal } = deps;
  const files = writtenBy(journal, step);
  if (files.length === 0) return countStarts(journal, step) < MAX_STARTS ? perform(job, begun) : giveUp(job);
  return journal.write(() => {
    confirmChanges(journal, step);
    return end(deps, step, { is: 'done', text: `Wrote ${files.join(', ')}.` });
  });
}

const giveUp = ({ deps, step }: Job): StepEnd =>
  end(deps, step, {
    is: 'failed',
    text: `The agent itself ended ${MAX_STARTS} times in this step, so it is not tried again. Do without it, and say so.`,
  });

function register(
  deps: RunnerDeps,
  options: { task: string; call: CallBlock; tool: Tool | undefined; input: unknown },
): StepRecord {
  const { task, call, tool, input } = options;
  return addStep(deps.journal, {
    task,
    call: call.id,
    tool: call.name.slice(0, MAX_TITLE),
    title: (tool && input !== undefined ? tool.title(input) : call.name).slice(0, MAX_TITLE),
    class: tool?.class ?? 'pure',
    input: JSON.stringify(call.input),
  });
}

function end(deps: RunnerDeps, step: StepRecord, outcome: Outcome): StepEnd {
  const detail = outcome.is === 'done' ? undefined : outcome.text.slice(0, MAX_DETAIL);
  const told = { ...outcome, ...(detail !== undefined && { detail }) };
  deps.journal.write(() => {
    endStep(deps.journal, step, told);
    audit(deps.journal, { did: 'stepped', t: step.task, n: step.n, tool: step.tool, outcome: outcome.is });
  });
  return { is: 'over', outcome: told };
}

async function afterAsk(job: Job, askId: string): Promise<StepEnd> {
  const record = readAsk(job.deps.journal, askId);
  const repeats = record !== undefined && (await asksToRepeat(record));
  switch (record?.state) {
    case 'open':
      return { is: 'waiting' };
    case 'ok':
      return perform(job, asOfNow(job, record.digests));
    case 'denied':
      return end(job.deps, job.step, { is: 'refused', text: denial(record, repeats) });
    case 'expired':
    case undefined:
      return repeats ? askRepeat(job) : perform(job, asOfNow(job));
  }
}

const asksToRepeat = async (record: AskRecord): Promise<boolean> =>
  (await thawAction(record.ask.actions[0] ?? '')).action.act.sink === 'repeat';

function denial(record: AskRecord, repeats: boolean): string {
  const because = record.because ? ` The owner's words: ${record.because}` : '';
  return repeats
    ? `The agent was interrupted in this step: it is not known whether it was done. The owner chose not to repeat it.${because}`
    : `The owner did not allow this.${because}`;
}

async function askRepeat(job: Job): Promise<StepEnd> {
  const { step } = job;
  const action = await freezeAction({
    v: 1,
    t: step.task,
    n: step.n,
    act: { sink: 'repeat', tool: step.tool, about: step.title },
  });
  const why = `The agent was interrupted in this step: it may have been done, or not. Do it again? (${step.title})`;
  return ask(job, { why, high: true, actions: [action] });
}

function ask(job: Job, question: { why: string; high: boolean; actions: readonly FrozenAction[] }): StepEnd {
  const { deps, step, signal } = job;
  if (signal.aborted) return { is: 'stopped' };
  const { journal } = deps;
  return journal.write((): StepEnd => {
    if (countAsks(journal, step.task) >= MAX_ASKS) {
      const text = `This task has asked ${MAX_ASKS} times. Send a follow-up with wider permission to go on.`;
      appendEvent(journal, step.task, { kind: 'note', text });
      setState(journal, step.task, { is: 'parked', why: 'ask-expired' });
      return { is: 'parked' };
    }
    askStep(journal, step, addAsk(journal, { task: step.task, n: step.n, ...question }));
    return { is: 'waiting' };
  });
}

function taskOf({ deps, step }: Job): TaskRecord {
  const task = readTask(deps.journal, step.task);
  if (!task) throw new Error('a step without a task');
  return task;
}

/** What a step that begins now is judged by. */
const asOfNow = (job: Job, answered: readonly string[] = []): Begun => ({
  answered: [...answered],
  taint: taskOf(job).taint,
});

/** The one gate before every tool call, and what follows from its verdict. */
async function perform(job: Job, by: Begun): Promise<StepEnd> {
  const { deps, step } = job;
  const context = contextOf(job);
  const intents = await intentsOf(job, context);
  if ('is' in intents) return intents;
  const verdict = await gateStep(job, intents, by);
  switch (verdict.verdict) {
    case 'deny':
      return end(deps, step, { is: 'refused', text: verdict.why });
    case 'ask':
      return ask(job, verdict);
    case 'allow':
      try {
        return await act({ job, intents, verdict, context, by });
      } finally {
        await verdict.close();
      }
  }
}

/** What the step would do, or how it ended because nothing could be made of its input. */
async function intentsOf(
  { deps, tool, step, input, signal }: Job,
  context: ToolContext,
): Promise<readonly Intent[] | StepEnd> {
  try {
    return await tool.intents(input, context);
  } catch (error) {
    if (signal.aborted) return { is: 'stopped' };
    if (error instanceof ToolError) return end(deps, step, { is: 'failed', text: error.message });
    throw error;
  }
}

function contextOf({ deps, signal }: Job): ToolContext {
  return { signal, home: deps.desk.home, clock: deps.journal.now, run: deps.runCommand, apart: deps.apart };
}

function gateStep(job: Job, intents: readonly Intent[], { answered, taint }: Begun): Promise<Verdict> {
  const { deps, step } = job;
  const { journal } = deps;
  const task = taskOf(job);
  const wrote = [...filesTouched(journal, task.id)].map(([path, change]): [string, Written] => [
    path,
    { sha256: change.after, taint: change.taint },
  ]);
  return gate({
    intents,
    task: {
      id: task.id,
      step: step.n,
      grants: task.grants,
      taint,
      workspace: workspaceOf(journal, task.id),
      wrote: new Map(wrote),
    },
    rules: deps.rules(),
    desk: { ...deps.desk, keepBefore: async ({ bytes }) => void (bytes && keepBytes(journal, bytes)) },
    answered: new Set(answered),
  });
}

/** Intent, effect, outcome. A process that dies in between leaves behind how far it came. */
async function act(options: {
  job: Job;
  intents: readonly Intent[];
  verdict: Extract<Verdict, { verdict: 'allow' }>;
  context: ToolContext;
  by: Begun;
}): Promise<StepEnd> {
  const { job, intents, verdict, context, by } = options;
  const { deps, tool, step, input, signal } = job;
  const { journal } = deps;
  for (const intent of intents) if (intent.sink === 'write') keepBytes(journal, intent.content);
  deps.failpoint('step.before-intent');
  journal.write(() => {
    raiseTaint(journal, step.task, verdict.taint);
    for (const opened of verdict.opened) {
      if (opened.sink !== 'write') continue;
      const { path, before, after } = opened;
      addChange(
        journal,
        { task: step.task, n: step.n },
        { path, before: before?.sha256 ?? null, after: after.sha256, taint: verdict.taint },
      );
    }
    intendStep(journal, step, by);
  });
  deps.failpoint('step.after-intent');
  const run = await tool.run(input, verdict.opened, context);
  deps.failpoint('step.after-effect');
  if (run.failed && signal.aborted) return { is: 'stopped' };
  const ended = journal.write(() => {
    raiseTaint(journal, step.task, run.taint);
    if (!run.failed) confirmChanges(journal, { task: step.task, n: step.n });
    const outcome: Outcome = { is: run.failed ? 'failed' : 'done', text: run.content.slice(0, MAX_RESULT) };
    return end(deps, { ...step, title: run.title ?? step.title }, outcome);
  });
  deps.failpoint('step.after-outcome');
  return ended;
}
