import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AskView, TaskView } from '../../mobile/state/view.ts';
import type { Phone } from '../../mobile/state/phone.ts';
import { bunPhone } from '../../mobile/terminal/bun-phone.ts';
import { codeFor, EMAIL, PASSWORD } from './desktop.ts';
import type { RealWorker } from './real-worker.ts';
import { until } from './until.ts';

export const THREADS = 20;
export const TASKS = 200;

/** A task of the queue. Every fifth is words for the planner, the others are scripts whose effect is a line in a file. */
export interface Queued {
  readonly id: string;
  readonly name: string;
  readonly thread: number;
  readonly script: boolean;
}

const isScript = (turn: number): boolean => turn % 5 !== 4;
const nameOf = (thread: number, turn: number): string => `t${thread}-${turn}`;

/** Registers a script for each task that is one; what it does is counted outside of all that is killed. */
export function registerScripts(worker: RealWorker): void {
  const file = worker.put('append.sh', 'echo "$1" >> "$HOME/effects"\n');
  const sha256 = createHash('sha256').update(worker.read('append.sh')).digest('base64url');
  const names = Array.from({ length: TASKS }, (_, index) => [index % THREADS, Math.floor(index / THREADS)] as const)
    .filter(([, turn]) => isScript(turn))
    .map(([thread, turn]) => nameOf(thread, turn));
  worker.configure({
    scripts: names.map((name) => ({ name, file, argv: ['sh', file, name], cwd: worker.home, sha256 })),
  });
}

/** A phone of its own account, allowed at the desk. Resolves with the desktop's kid as well. */
export async function pairedWith(worker: RealWorker, relayUrl: string): Promise<{ phone: Phone; desk: string }> {
  const folder = join(worker.home, 'phone');
  mkdirSync(folder);
  const phone = bunPhone({ folder, relayUrl, name: 'Pixel 8' });
  await phone.start();
  await phone.account.signUp({ email: EMAIL, password: PASSWORD });
  const { secret, factorId } = await phone.account.enrol();
  await phone.account.verify(codeFor(secret), factorId);
  const offer = await until(
    () => worker.ask({ do: 'pair' }),
    ({ is }) => is === 'offer',
  );
  if (offer.is !== 'offer') throw new Error('no offer');
  const opened = phone.pairing.open(offer.link);
  const claim = await until(
    () => worker.notices.find(({ say }) => say === 'claim'),
    (notice) => notice !== undefined,
  );
  if (claim?.say !== 'claim') throw new Error('no claim');
  await worker.ask({ do: 'allow', claim: claim.claim, ok: true, mayPower: true });
  await opened;
  const desktops = await until(
    () => phone.view().desktops,
    ([first]) => first?.seen !== undefined,
  );
  return { phone, desk: desktops[0]?.device.kid ?? '' };
}

/** Sends all of them, the threads in turn. */
export async function sendAll(phone: Phone, desktop: string): Promise<Queued[]> {
  const queue: Queued[] = [];
  for (let index = 0; index < TASKS; index++) {
    const [thread, turn] = [index % THREADS, Math.floor(index / THREADS)];
    const name = nameOf(thread, turn);
    const script = isScript(turn);
    const first = queue[thread];
    const id = await phone.errands.send({
      desktop,
      text: script ? name : `What about ${name}?`,
      grants: script ? [{ do: 'script', name }] : [],
      thread: turn === 0 ? undefined : first?.id,
      ...(script && { script: name }),
    });
    queue.push({ id, name, thread, script });
  }
  return queue;
}

export const viewOf = (phone: Phone, { id }: Pick<Queued, 'id'>): TaskView | undefined =>
  phone
    .view()
    .threads.flatMap(({ tasks }) => tasks)
    .find((task) => task.id === id);

/** The effects so far, in their order. */
export const effectsOf = (worker: RealWorker): string[] =>
  existsSync(join(worker.home, 'effects')) ? worker.read('effects').trim().split('\n') : [];

const asksOf = (phone: Phone): { task: TaskView; ask: AskView }[] =>
  phone
    .view()
    .threads.flatMap(({ tasks }) => tasks)
    .flatMap((task) =>
      task.asks.filter((ask) => task.standing.is === 'waiting' && !ask.answer).map((ask) => ({ task, ask })),
    );

/** The owner: asked whether something is to be done again, looks whether it was done. Ends when all have a fate. */
export async function ownerAnswers(phone: Phone, worker: RealWorker, queue: readonly Queued[]): Promise<number> {
  const answered = new Set<string>();
  await until(async () => {
    for (const { task, ask } of asksOf(phone)) {
      if (answered.has(ask.ask.ask)) continue;
      answered.add(ask.ask.ask);
      const ok = !effectsOf(worker).includes(task.script ?? '');
      await phone.errands.answer({ task: task.id, ask: ask.ask.ask, ok });
    }
    return queue.every((task) => viewOf(phone, task)?.standing.is === 'ended');
  }, Boolean);
  return answered.size;
}

export interface Verdict {
  readonly lost: readonly string[];
  readonly repeated: readonly string[];
  readonly disordered: readonly string[];
  readonly untold: readonly string[];
}

/** What came of the queue, by the phone's view and by the effects. */
export function verdictOn(phone: Phone, worker: RealWorker, queue: readonly Queued[]): Verdict {
  const effects = effectsOf(worker);
  const views = queue.map((task) => ({ ...task, view: viewOf(phone, task) }));
  const endsOf = (view: TaskView | undefined): boolean => view?.standing.is === 'ended';
  const wasDone = (task: (typeof views)[number]): boolean =>
    !task.script ||
    task.view?.standing.is !== 'ended' ||
    task.view.standing.fate !== 'done' ||
    effects.includes(task.name);
  return {
    lost: views.filter((task) => !endsOf(task.view) || !wasDone(task)).map(({ name }) => name),
    repeated: effects.filter((name, index) => effects.indexOf(name) !== index),
    disordered: Array.from({ length: THREADS }, (_, thread) => thread).flatMap((thread) => {
      const wanted = queue
        .filter((task) => task.thread === thread && effects.includes(task.name))
        .map(({ name }) => name);
      const found = effects.filter((name) => wanted.includes(name));
      return found.join() === wanted.join() ? [] : [`${found.join()} instead of ${wanted.join()}`];
    }),
    untold: views.filter(({ view }) => view?.chain !== 'whole').map(({ name }) => name),
  };
}

export const NOTHING_WRONG: Verdict = { lost: [], repeated: [], disordered: [], untold: [] };
