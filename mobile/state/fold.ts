import type { Ask } from '../../edge/protocol/ask.ts';
import type { HeardEvent } from '../link/heard.ts';
import type { TaskRecord } from '../link/records.ts';
import type { AskView, Chain, StepView, TaskStanding, TaskView } from './view.ts';

/** An event with what checking it needs: its own hash, and an ask's actions decoded from their bytes. */
export interface StoredEvent {
  readonly event: HeardEvent;
  readonly hash: string;
  readonly actions?: AskView['actions'];
}

interface Folded {
  standing: TaskStanding | undefined;
  plan: readonly string[];
  steps: StepView[];
  notes: string[];
  asks: AskView[];
  result: TaskView['result'];
  newer: boolean;
}

/** What a task looks like after its events, in their order. Pure. */
export function foldTask(record: TaskRecord, events: readonly StoredEvent[], live: string | undefined): TaskView {
  const folded: Folded = {
    standing: undefined,
    plan: [],
    steps: [],
    notes: [],
    asks: [],
    result: undefined,
    newer: false,
  };
  for (const stored of events) apply(folded, stored, record);
  const last = folded.standing ?? before(record, events.length > 0);
  const standing = stillTrue(record, last);
  const { chain, have } = follow(events);
  const { sent: _sent, answers: _answers, lost: _lost, unheard: _unheard, cancelling, ...said } = record;
  return {
    ...said,
    ...folded,
    chain,
    have,
    standing,
    script: record.script,
    from: record.from,
    cancelling: cancelling === true && standing.is !== 'ended' && standing.is !== 'withdrawn',
    live: folded.result || standing.is === 'ended' ? undefined : live,
    lastAt: events.at(-1)?.event.at ?? record.at,
  };
}

const NOT_BEGUN: ReadonlySet<TaskStanding['is']> = new Set(['here', 'relay', 'received', 'queued']);
const UNDER_WAY: ReadonlySet<TaskStanding['is']> = new Set(['running', 'waiting', 'parked']);

/** Its last known standing, as far as it can still be said of it. */
function stillTrue({ lost, unheard }: TaskRecord, last: TaskStanding): TaskStanding {
  if (lost === true) return withoutWord(last);
  const moves = (NOT_BEGUN.has(last.is) && last.is !== 'here') || UNDER_WAY.has(last.is);
  return unheard === true && moves ? { is: 'ended', fate: 'unknown' } : last;
}

/** What a task comes to whose desktop speaks to this phone no more: one that had not begun is never begun. */
function withoutWord(last: TaskStanding): TaskStanding {
  if (NOT_BEGUN.has(last.is)) return { is: 'ended', fate: 'cancelled' };
  return UNDER_WAY.has(last.is) ? { is: 'ended', fate: 'unknown' } : last;
}

/** Where a task is as long as the desktop has not said it itself. */
function before(record: TaskRecord, heard: boolean): TaskStanding {
  if (heard) return { is: 'received' };
  switch (record.sent.at) {
    case 'here':
      return { is: 'here' };
    case 'relay':
      return { is: 'relay' };
    case 'expired':
      return { is: 'ended', fate: 'expired' };
    case 'failed':
      return { is: 'unsent', why: record.sent.why };
    case 'withdrawn':
      return { is: 'withdrawn' };
  }
}

function apply(folded: Folded, { event, actions }: StoredEvent, record: TaskRecord): void {
  const { what } = event;
  switch (what.kind) {
    case 'state':
      folded.standing = what.state;
      return;
    case 'note':
      folded.notes.push(what.text);
      return;
    case 'plan':
      folded.plan = what.items;
      return;
    case 'step':
      return applyStep(folded.steps, what);
    case 'ask':
      folded.asks.push(askView(what.ask, actions, record));
      return;
    case 'answered':
      folded.asks = folded.asks.map((known) =>
        known.ask.ask === what.ask ? { ...known, answer: { ok: what.ok, by: what.by } } : known,
      );
      return;
    case 'result':
      folded.result = what;
      return;
    case 'echo':
      return;
    case 'newer':
      folded.newer = true;
  }
}

function applyStep(steps: StepView[], step: StepView): void {
  const at = steps.findIndex((known) => known.n === step.n);
  if (at === -1) steps.push(step);
  else steps[at] = step;
}

function askView(ask: Ask, actions: AskView['actions'], record: TaskRecord): AskView {
  const ok = record.answers[ask.ask];
  return { ask, actions, answer: ok === undefined ? undefined : { ok, by: undefined } };
}

/** Whether each event follows from the one before it, and how far they go without a gap. */
function follow(events: readonly StoredEvent[]): { chain: Chain; have: number } {
  let chain: Chain = 'whole';
  let have = 0;
  let last: StoredEvent | undefined;
  for (const stored of events) {
    const { i, prev } = stored.event;
    if (i === have + 1) have = i;
    else if (chain === 'whole') chain = 'gap';
    const follows = i === (last?.event.i ?? 0) + 1;
    if (follows && prev !== (last?.hash ?? null)) chain = 'altered';
    last = stored;
  }
  return { chain, have };
}
