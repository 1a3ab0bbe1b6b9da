import { actionSchema, freezeAction, type FrozenAction } from '../../edge/protocol/ask.ts';
import { authorityOf } from './authority.ts';
import { decide } from './decide.ts';
import type { Intent } from './intent.ts';
import type { Opened } from './opened.ts';
import type { Rules } from './rules.ts';
import { sensitiveOf } from './sensitive.ts';
import type { Desk, GateTask, Surroundings } from './surroundings.ts';
import { addTaint, type Taint } from './taint.ts';
import { weighRead } from './weigh-read.ts';
import { weighScript } from './weigh-script.ts';
import { weighWrite } from './weigh-write.ts';
import type { Weighed } from './weighed.ts';

export type Verdict =
  | {
      readonly verdict: 'allow';
      readonly opened: readonly Opened[];
      /** The task's bits from now on, also if the step fails. */
      readonly taint: Taint;
      /** Must be called once the step is over. */
      close(): Promise<void>;
    }
  | {
      readonly verdict: 'ask';
      readonly high: boolean;
      readonly why: string;
      readonly rule: string;
      readonly actions: readonly FrozenAction[];
    }
  | { readonly verdict: 'deny'; readonly why: string };

export interface GateRequest {
  readonly intents: readonly Intent[];
  readonly task: GateTask;
  readonly rules: Rules;
  readonly desk: Desk;
  /** Digests of actions the owner approved for this step. */
  readonly answered?: ReadonlySet<string>;
}

/** As many actions as one ask carries. */
const MAX_INTENTS = 20;

interface Ruled {
  readonly weighed: Extract<Weighed, { kind: 'ready' }>;
  readonly row: string;
  readonly why: string;
  readonly high: boolean;
  /** Set when the owner has to be asked, and was not. */
  readonly ask: FrozenAction | null;
}

const closeAll = async (cases: readonly Weighed[]): Promise<void> => {
  for (const each of cases) if (each.kind === 'ready') await each.close();
};

async function rule(weighed: Weighed, request: GateRequest): Promise<Ruled | string> {
  if (weighed.kind === 'bad') return weighed.why;
  const { task, answered } = request;
  const { decision, row, why } = decide(weighed.facts, task.taint);
  if (decision === 'deny') return `${weighed.subject} was refused (${row}). ${why}`;
  if (weighed.kind === 'blocked') return weighed.why;
  const ruled = { weighed, row, why: `${weighed.subject}: ${why}`, high: decision === 'ask-high' };
  if (decision === 'allow') return { ...ruled, ask: null };
  const frozen = await freezeAction(actionSchema.parse({ v: 1, t: task.id, n: task.step, act: weighed.act }));
  return { ...ruled, ask: answered?.has(frozen.digest) === true ? null : frozen };
}

function verdictOf(cases: readonly Ruled[], task: GateTask): Verdict {
  const asking = cases.filter((each) => each.ask !== null);
  const [first] = asking;
  if (first !== undefined) {
    return {
      verdict: 'ask',
      high: asking.some((each) => each.high),
      why: [...new Set(asking.map((each) => each.why))].join('\n'),
      rule: first.row,
      actions: asking.map((each) => each.ask).filter((ask) => ask !== null),
    };
  }
  const opened = cases.map(({ weighed }) => weighed.open());
  const taint = addTaint(task.taint, ...cases.map(({ weighed }) => weighed.taint));
  return { verdict: 'allow', opened, taint, close: () => closeAll(cases.map(({ weighed }) => weighed)) };
}

function weigh(intent: Intent, surroundings: Surroundings): Promise<Weighed> {
  switch (intent.sink) {
    case 'read':
      return weighRead(intent.path, surroundings);
    case 'write':
      return weighWrite(intent, surroundings);
    case 'script':
      return weighScript(intent.name, surroundings);
  }
}

const surroundingsOf = async ({ task, rules, desk }: GateRequest): Promise<Surroundings> => {
  const { home, platform } = desk;
  const { grants, workspace } = task;
  return {
    desk,
    task,
    scripts: rules.scripts,
    authority: await authorityOf({ grants, roots: rules.roots, workspace, home, platform }),
    sensitive: sensitiveOf({ home, platform, own: desk.own, extra: rules.sensitive }),
  };
};

/**
 * Decides what one step means to do, all of it before any of it is done. Everything is derived anew from the disk at each call, so an
 * approval holds only while the action it was given for is still, byte for byte, the action that would be done. Must not throw.
 */
export async function gate(request: GateRequest): Promise<Verdict> {
  if (request.intents.length > MAX_INTENTS) {
    return { verdict: 'deny', why: `A step does at most ${MAX_INTENTS} things. Split it into several calls.` };
  }
  const surroundings = await surroundingsOf(request);
  const cases: Weighed[] = [];
  const ruled: Ruled[] = [];
  for (const intent of request.intents) {
    const weighed = await weigh(intent, surroundings);
    cases.push(weighed);
    const result = await rule(weighed, request);
    if (typeof result === 'string') {
      await closeAll(cases);
      return { verdict: 'deny', why: result };
    }
    ruled.push(result);
  }
  const verdict = verdictOf(ruled, request.task);
  if (verdict.verdict !== 'allow') await closeAll(cases);
  return verdict;
}
