import { expireAsks } from '../journal/ask.ts';
import { hasComeSince } from '../journal/looks.ts';
import { listUnended, readTask, type TaskRecord } from '../journal/task.ts';
import type { RunnerDeps } from './deps.ts';
import { Interrupted, runTask, type ParkedWhy } from './run-task.ts';

/** While something is unfinished, clocks are looked at this often: expiring asks, pauses, deadlines. */
const TICK_MS = 2000;

interface Options extends RunnerDeps {
  /** Tasks that run at the same time. */
  readonly width: number;
  readonly setTimer: (run: () => void, ms: number) => () => void;
  /** The first task began, or the last one ended. */
  readonly onBusy: (busy: boolean) => void;
}

export interface Runner {
  /** Looks for what can run. The journal's changes do it too. */
  kick(): void;
  readonly running: () => number;
  /** Parks what runs, at its next safe point; resolves when all of it stands. */
  stop(why: ParkedWhy): Promise<void>;
}

/** Runs the journal's tasks: each thread in its order, `width` at a time. What an earlier process left unfinished is taken up again. */
export function createRunner(options: Options): Runner {
  const { journal, width, setTimer } = options;
  const active = new Map<string, { readonly controller: AbortController; readonly over: Promise<void> }>();
  let stopped: ParkedWhy | undefined;
  let cancelTimer: (() => void) | undefined;

  function start(task: TaskRecord): void {
    const controller = new AbortController();
    const over = runTask(options, task, controller.signal).finally(() => {
      active.delete(task.id);
      if (active.size === 0) options.onBusy(false);
      kick();
    });
    active.set(task.id, { controller, over });
    if (active.size === 1) options.onBusy(true);
  }
  function stopCancelled(): void {
    for (const [id, { controller }] of active) {
      if (readTask(journal, id)?.state.is === 'ended') controller.abort(new Interrupted());
    }
  }
  function kick(): void {
    if (stopped !== undefined) return;
    cancelTimer?.();
    cancelTimer = undefined;
    expireAsks(journal);
    stopCancelled();
    const unended = listUnended(journal);
    for (const task of unended) {
      if (active.size >= width) break;
      if (!active.has(task.id) && isReady(options, task)) start(task);
    }
    if (unended.length > 0) cancelTimer = setTimer(kick, TICK_MS);
  }
  const unwatch = journal.watch((change) => {
    if (change.in === 'tasks') queueMicrotask(kick);
  });
  queueMicrotask(kick);
  return {
    kick,
    running: () => active.size,
    stop: async (why) => {
      stopped = why;
      unwatch();
      cancelTimer?.();
      for (const { controller } of active.values()) controller.abort(new Interrupted(why));
      await Promise.all([...active.values()].map(({ over }) => over));
    },
  };
}

/** Whether a task may begin or go on now. */
export const isReady = ({ journal }: Pick<RunnerDeps, 'journal'>, task: TaskRecord): boolean =>
  isRunnable(task, journal.now()) && !isHeld(journal, task);

/** A `running` one that nobody runs was left behind by a process that is gone; so were those parked for power. */
function isRunnable({ state, retryAt }: TaskRecord, now: number): boolean {
  switch (state.is) {
    case 'queued':
    case 'running':
      return true;
    case 'parked':
      return state.why !== 'ask-expired' && (retryAt ?? 0) <= now;
    case 'waiting':
    case 'ended':
      return false;
  }
}

/**
 * A follow-up waits for the end of the one before it, and for its arrival as long as it may still be at the relay. One whose question
 * nobody answered holds nothing up: the follow-up may be the owner's better idea.
 */
function isHeld(journal: RunnerDeps['journal'], { after, created }: TaskRecord): boolean {
  if (after === null) return false;
  const before = readTask(journal, after);
  if (!before) return !hasComeSince(journal, created);
  const { state } = before;
  return state.is !== 'ended' && !(state.is === 'parked' && state.why === 'ask-expired');
}
