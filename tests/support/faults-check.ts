import { readTask, type TaskRecord } from '../../agent/journal/task.ts';
import type { Journal } from '../../agent/journal/journal.ts';
import { eventSchema, type Happening } from '../../edge/protocol/event.ts';
import type { TaskView } from '../../mobile/state/view.ts';
import { callOf, onceCalls } from './faults-plan.ts';
import type { Run, Sent } from './faults-run.ts';

/** What must hold when all is over; what does not is written among the run's wrongs. */
export function checkRun(run: Run): void {
  const { world, life, sent } = run;
  if (!life) {
    world.wrongs.push('at the end no agent runs');
    return;
  }
  for (const one of sent) {
    const wrongs = [...wrongsOfEffects(run, one), ...wrongsOfEnd(run, one, life.journal)];
    for (const wrong of wrongs) world.wrongs.push(`${one.plan.name}: ${wrong}`);
  }
}

const wrongsOfEffects = ({ world }: Run, { plan }: Sent): string[] =>
  onceCalls(plan).flatMap((key) => {
    const times = world.effects.get(key) ?? 0;
    return times > 1 ? [`${key} was done ${times} times`] : [];
  });

function wrongsOfEnd(run: Run, one: Sent, journal: Journal): string[] {
  const view = run.phone.book.task(one.id);
  const known = readTask(journal, one.id);
  const lost = [`lost: ${view?.standing.is} at the phone, ${JSON.stringify(known?.state)} at the desktop`];
  if (view?.standing.is === 'ended') {
    return known ? wrongsOfStory(run, { one, view, told: told(journal, one.id) }) : [];
  }
  const fits: Partial<Record<TaskView['standing']['is'], boolean>> = {
    withdrawn: known === undefined,
    unsent: !run.world.relay.has(one.id),
    waiting: known?.state.is === 'waiting',
    parked: mayStayParked(known),
  };
  return view && fits[view.standing.is] === true ? [] : lost;
}

const mayStayParked = (known: TaskRecord | undefined): boolean =>
  known?.state.is === 'parked' && known.state.why === 'ask-expired';

const told = (journal: Journal, id: string): Happening[] =>
  journal.db
    .query<{ json: string }, { id: string }>('select json from event where task = $id order by i')
    .all({ id })
    .map(({ json }) => eventSchema.parse(JSON.parse(json)).what);

/** What the phone shows of a task that ended, held against what the desktop told and what was done. */
function wrongsOfStory(run: Run, about: { one: Sent; view: TaskView; told: readonly Happening[] }): string[] {
  const { one, view } = about;
  const ends = about.told.filter((what) => what.kind === 'state' && what.state.is === 'ended');
  const last = JSON.stringify(about.told.at(-1));
  const { plan } = one;
  const planned = plan.script ? 1 : plan.turns.flat().length;
  const done = view.standing.is === 'ended' && view.standing.fate === 'done';
  const steps = view.steps.filter(({ n, state }) => state === 'done' && !run.world.effects.has(callOf(plan, n)));
  const checks: readonly (readonly [wrong: boolean, words: string])[] = [
    [ends.length !== 1, `${ends.length} fates`],
    [view.chain !== 'whole', `its chain is ${view.chain}`],
    [view.have !== about.told.length, `the phone has ${view.have} of ${about.told.length} events`],
    [last !== JSON.stringify({ kind: 'state', state: view.standing }), 'the phone shows another end'],
    [done && view.result === undefined, 'done without a result'],
    [done && view.steps.length !== planned, `done with ${view.steps.length} of ${planned} steps`],
    [steps.length > 0, `called done and was not: ${steps.map(({ n }) => callOf(plan, n)).join()}`],
  ];
  return checks.flatMap(([wrong, words]) => (wrong ? [words] : []));
}
