import type { Seen } from '../../edge/protocol/down.ts';
import type { TaskState } from '../../edge/protocol/event.ts';
import { isDiskFull } from '../journal/full-disk.ts';
import type { Journal } from '../journal/journal.ts';
import { appendEvent, newestNoteOf } from '../journal/event.ts';
import { listEarlier, raiseTaint, setState, type TaskRecord } from '../journal/task.ts';
import { admit } from './admit.ts';
import { briefOf } from './brief.ts';
import type { RunnerDeps } from './deps.ts';
import { fail, finish } from './finish.ts';
import { runLoop, type LoopEnd } from './loop.ts';
import { ModelFault } from './model.ts';
import { runStep } from './step.ts';
import { fillWorkspace } from './workspace.ts';

/** Milliseconds until a task is tried again whose model did not answer. */
const MODEL_PAUSE_MS = 120_000;
/** And one that found the disk full, when the journal itself could be written. */
const DISK_PAUSE_MS = 60_000;

export type ParkedWhy = Extract<TaskState, { is: 'parked' }>['why'];

/** What becomes of running tasks when the worker ends with this word to the phones. */
export function parkedFor(presence: Seen['presence']): ParkedWhy {
  switch (presence) {
    case 'lid-closed':
    case 'asleep':
    case 'stopped-by-owner':
      return presence;
    case 'shut-down-by-idle':
      return 'idle';
    case 'running':
    case 'idle':
      return 'restarted';
  }
}

/** Why a running task is interrupted: its cancellation is in the journal already; a park names its reason. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly park: ParkedWhy | undefined;

  constructor(park?: ParkedWhy) {
    super(park ?? 'cancelled');
    this.park = park;
  }
}

/**
 * Runs a task until it ended, waits, or is parked; all of that is in the journal when this resolves. Rejects only when the journal cannot
 * be written: then the task is where it was.
 */
export async function runTask(deps: RunnerDeps, task: TaskRecord, signal: AbortSignal): Promise<void> {
  const { journal } = deps;
  try {
    if (!(await admit(journal, task))) return;
    journal.write(() => {
      setState(journal, task.id, { is: 'running' });
      // Its model reads what the earlier ones answered.
      for (const earlier of listEarlier(journal, task)) raiseTaint(journal, task.id, earlier.taint);
    });
    if (task.script === null) await converse(deps, task, signal);
    else await runScript(deps, { task, name: task.script, signal });
    if (signal.aborted) interrupted(deps, task.id, signal.reason);
  } catch (error) {
    if (signal.aborted) interrupted(deps, task.id, signal.reason);
    else stumbled(journal, task.id, error);
  }
}

function stumbled(journal: Journal, task: string, error: unknown): void {
  if (error instanceof ModelFault && error.code === 'model.unavailable') {
    const until = journal.now() + Math.max(error.afterMs ?? 0, MODEL_PAUSE_MS);
    journal.write(() => {
      noteOnce(journal, task, error.message);
      setState(journal, task, { is: 'parked', why: 'model-unavailable', until }, until);
    });
    return;
  }
  if (isDiskFull(error)) {
    setState(journal, task, { is: 'parked', why: 'disk-full' }, journal.now() + DISK_PAUSE_MS);
    return;
  }
  fail(journal, task, error instanceof Error ? error.message : String(error));
}

/** Tried every few minutes, a model may stay away for days: its reason is told when it is a new one. */
function noteOnce(journal: Journal, task: string, text: string): void {
  if (newestNoteOf(journal, task) !== text) appendEvent(journal, task, { kind: 'note', text });
}

function interrupted(deps: RunnerDeps, task: string, reason: unknown): void {
  const why = reason instanceof Interrupted ? reason.park : 'restarted';
  if (why !== undefined) setState(deps.journal, task, { is: 'parked', why });
}

async function converse(deps: RunnerDeps, task: TaskRecord, signal: AbortSignal): Promise<void> {
  const { journal, desk } = deps;
  const attached = await fillWorkspace(deps, task, signal);
  const brief = briefOf(journal, task, { attached, home: desk.home, roots: deps.rules().roots });
  const model = deps.model();
  const end = await runLoop({ deps, task, brief, model, signal });
  await settle(deps, { task: task.id, end, by: model.name, signal });
}

async function settle(
  deps: RunnerDeps,
  options: { task: string; end: LoopEnd; by: string; signal: AbortSignal },
): Promise<void> {
  const { task, end, by, signal } = options;
  switch (end.is) {
    case 'answer':
      return finish(deps, { task, text: end.text, by, fate: end.fate, signal });
    case 'failed':
      return fail(deps.journal, task, end.why);
    case 'waiting':
    case 'parked':
    case 'stopped':
      return;
  }
}

/** A named script needs no model: one step, through the same gate, whose end is the answer. */
async function runScript(
  deps: RunnerDeps,
  { task, name, signal }: { task: TaskRecord; name: string; signal: AbortSignal },
): Promise<void> {
  const call = { type: 'tool_use', id: 'script', name: 'run_script', input: { name } } as const;
  const end = await runStep(deps, task.id, call, signal);
  if (end.is !== 'over') return;
  const { is: fate, text } = end.outcome;
  await finish(deps, { task: task.id, text, by: `script ${name}`, fate, signal });
}
