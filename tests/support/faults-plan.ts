import type { Chance } from './faults-chance.ts';

/** What a tool call of a plan is: harmless, repeatable, or to be done once; `asks` needs the owner's leave first. */
export interface PlannedCall {
  /** Its name in the whole run: effects are counted by it. */
  readonly key: string;
  readonly tool: 'look' | 'put' | 'pay' | 'peek' | 'buy';
}

/** What the model does in one task, or the script that it is. */
export interface Plan {
  readonly name: string;
  readonly turns: readonly (readonly PlannedCall[])[];
  readonly script: boolean;
  readonly cannot: boolean;
  /** The model's server counts its calls anew in each turn. */
  readonly reusesIds: boolean;
}

export const ONCE: ReadonlySet<string> = new Set(['pay', 'buy', 'script']);
const TOOLS = ['look', 'put', 'pay', 'pay', 'peek', 'buy'] satisfies readonly PlannedCall['tool'][];

/** A random plan. */
export function planOf(chance: Chance, name: string): Plan {
  const script = chance.percent(20);
  let count = 0;
  const turn = (): PlannedCall[] =>
    Array.from({ length: chance.percent(20) ? 2 : 1 }, () => ({ key: `${name}.${count++}`, tool: chance.pick(TOOLS) }));
  return {
    name,
    script,
    turns: script ? [] : Array.from({ length: chance.below(3) }, turn),
    cannot: chance.percent(10),
    reusesIds: chance.percent(30),
  };
}

/** The calls with an effect that must not happen twice. */
export const onceCalls = ({ name, script, turns }: Plan): string[] =>
  script ? [`${name}.script`] : turns.flat().flatMap(({ key, tool }) => (ONCE.has(tool) ? [key] : []));

export const inWords = ({ name, script, turns, reusesIds }: Plan): string =>
  `${name}: ${script ? 'script' : turns.map((calls) => calls.map(({ tool }) => tool).join('+')).join(', ') || 'answers'}${reusesIds ? ' (ids reused)' : ''}`;

/** The name of the call that is the task's step `n`, counted from 1. */
export const callOf = ({ name, script, turns }: Plan, n: number): string =>
  script ? `${name}.script` : (turns.flat()[n - 1]?.key ?? '');
