import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskState } from '../../edge/protocol/event.ts';
import type { Journal } from '../../agent/journal/journal.ts';
import { openJournal } from '../../agent/journal/journal.ts';
import { pinPeer } from '../../agent/journal/peer.ts';
import { readTask } from '../../agent/journal/task.ts';
import type { Script } from '../../agent/policy/rules.ts';
import type { Failpoint } from '../../agent/runner/failpoint.ts';
import type { Identity } from '../../edge/protocol/identity.ts';
import type { Task } from '../../edge/protocol/task.ts';
import type { AskView, TaskView } from '../../mobile/state/view.ts';
import { beginLife, type Doom, type Desktop, type Life } from './faults-agent.ts';
import { chance } from './faults-chance.ts';
import { checkRun } from './faults-check.ts';
import type { SteadyCrypto } from './faults-crypto.ts';
import { faultsPhone, type FaultsPhone } from './faults-phone.ts';
import { callOf, inWords, planOf, type Plan } from './faults-plan.ts';
import { createWorld, mortally, type Pending, type World } from './faults-world.ts';

/** Virtual time at which every run begins, in Unix milliseconds. */
const START = Date.UTC(2026, 0, 1);
const FAILPOINTS = [
  'turn.before-store',
  'turn.after-store',
  'step.before-intent',
  'step.after-intent',
  'step.after-effect',
  'step.after-outcome',
  'task.before-end',
  'task.after-end',
] satisfies readonly Failpoint[];
const WHERE: readonly NonNullable<Doom['write']>['where'][] = ['before', 'inside', 'after'];
const IF_MISSED: readonly Task['ifMissed'][] = ['run', 'skip', 'ask'];
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A task of the run, as it was sent. */
export interface Sent {
  readonly id: string;
  readonly plan: Plan;
  readonly after: Sent | undefined;
}

export interface Run {
  readonly world: World;
  readonly phone: FaultsPhone;
  readonly desktop: Desktop;
  readonly sent: Sent[];
  /** Tasks, by id, that began when the question of the one before had been left unanswered. */
  readonly unheld: Set<string>;
  /** How many it still sends. */
  readonly left: { tasks: number };
  /** Registers the plan's script at the desk. */
  readonly register: (plan: Plan) => void;
  life: Life | undefined;
  stopping: Promise<void> | undefined;
}

export interface Surroundings {
  readonly phone: Identity;
  readonly desktop: Identity;
  readonly steady: SteadyCrypto;
  /** Where runs keep their journals; `template` in it is copied. */
  readonly root: string;
  /** Tells the crypto whether somebody is at work. */
  readonly watch: (busy: () => boolean) => void;
}

/** Makes the journal that all runs begin with: one phone is pinned. */
export function makeTemplate({ root, phone }: Pick<Surroundings, 'root' | 'phone'>): void {
  const folder = join(root, 'template');
  const journal = openJournal({ folder, now: () => START });
  pinPeer(journal, { device: phone.device, mayPower: true, mayHistory: true });
  journal.close();
  writeFileSync(join(folder, 'script.sh'), 'true');
}

export interface Outcome {
  readonly wrongs: readonly string[];
  readonly trace: readonly string[];
  readonly tasks: number;
  readonly injected: number;
}

/** One run, all of which follows from its seed. */
export async function runSeed(seed: number, around: Surroundings): Promise<Outcome> {
  const folder = join(around.root, `run-${seed}`);
  cpSync(join(around.root, 'template'), folder, { recursive: true });
  const run = await beginRun(seed, folder, around);
  const { world } = run;
  try {
    await trouble(run, around);
    await calm(run, around);
    checkRun(run);
  } finally {
    run.life?.kill();
    run.life?.journal.close();
    rmSync(folder, { recursive: true, force: true });
  }
  const plans = run.sent.map(({ plan, after }) => `${inWords(plan)}${after ? ` after ${after.plan.name}` : ''}`);
  return { wrongs: world.wrongs, trace: [...plans, ...world.trace], tasks: run.sent.length, injected: world.injected };
}

async function beginRun(seed: number, folder: string, around: Surroundings): Promise<Run> {
  const random = chance(seed);
  around.steady.seed(random);
  const world = createWorld(random, START + 1000);
  const scripts: Script[] = [];
  const file = join(folder, 'script.sh');
  const sha256 = createHash('sha256').update('true').digest('base64url');
  scripts.push({ name: 'changed', file, argv: ['sh'], cwd: folder, sha256: 'x'.repeat(43) });
  mkdirSync(folder, { recursive: true });
  const phone = await faultsPhone({ world, identity: around.phone, desktop: around.desktop.device });
  const sent: Sent[] = [];
  const desktop: Desktop = {
    world,
    folder,
    identity: around.desktop,
    scripts,
    width: 1 + random.below(3),
    planned: (name) => planned(sent, name).plan,
    begins: (name, journal) => mayBegin(run, planned(sent, name), journal),
  };
  const run: Run = {
    world,
    phone,
    desktop,
    sent,
    left: { tasks: 2 + random.below(2) },
    unheld: new Set(),
    register: ({ name }) => void scripts.push({ name, file, argv: ['sh', name], cwd: folder, sha256 }),
    life: undefined,
    stopping: undefined,
  };
  around.watch(() => (run.life?.busy() ?? 0) > 0);
  return run;
}

function planned(sent: readonly Sent[], name: string): Sent {
  const found = sent.find(({ plan }) => plan.name === name);
  if (!found) throw new Error(`nobody sent ${name}`);
  return found;
}

/** Nothing begins after its end, nor before the one it follows. */
function mayBegin(run: Run, { id, plan, after }: Sent, journal: Journal): void {
  const { world } = run;
  if (readTask(journal, id)?.state.is === 'ended') world.wrongs.push(`${plan.name} went on after its end`);
  const wrong = after && tooEarly(run, id, { before: readTask(journal, after.id)?.state, after });
  if (wrong) world.wrongs.push(`${plan.name} ${wrong} ${after.plan.name}`);
}

function tooEarly(
  { world, desktop, unheld }: Run,
  id: string,
  { before, after }: { before: TaskState | undefined; after: Sent },
): string | undefined {
  if (before === undefined) return world.relay.holds(desktop.identity.device.kid, after.id) ? 'overtook' : undefined;
  if (before.is === 'parked' && before.why === 'ask-expired') unheld.add(id);
  // An answer that comes late puts the question of the one before again: what began meanwhile goes on.
  return before.is === 'ended' || unheld.has(id) ? undefined : `did not wait, ${before.is}, for`;
}

/** Lets everything run as far as it comes without the world's help. */
async function rest(run: Run, { steady }: Surroundings): Promise<void> {
  for (let quiet = 0; quiet < 2;) {
    await new Promise((resolve) => setImmediate(resolve));
    quiet = steady.pending() > 0 || (run.life?.busy() ?? 0) > 0 ? 0 : quiet + 1;
  }
  if (run.life?.dead()) {
    run.life.journal.close();
    run.life = undefined;
    run.stopping = undefined;
  }
}

function begin(run: Run, doom: Doom): void {
  run.world.note(`the agent starts ${JSON.stringify(doom)}`);
  mortally(() => {
    run.life = beginLife(run.desktop, doom);
  });
}

const STEPS = 60;

async function trouble(run: Run, around: Surroundings): Promise<void> {
  begin(run, {});
  for (let step = 0; step < STEPS; step++) {
    await rest(run, around);
    const { world } = run;
    if (world.pending().length > 0 && world.chance.percent(70)) happen(world, world.chance.pick(world.pending()), 20);
    else await actAtRandom(run);
  }
  while (run.left.tasks > 0) {
    await send(run);
    await rest(run, around);
  }
}

function happen(world: World, pending: Pending, faults: number): void {
  const [good = 'ok', ...bad] = pending.fates;
  world.settle(pending, bad.length > 0 && world.chance.percent(faults) ? world.chance.pick(bad) : good);
}

const unended = ({ phone, sent }: Run): TaskView[] =>
  sent.flatMap(({ id }) => phone.book.task(id) ?? []).filter(({ standing }) => standing.is !== 'ended');

type Act = readonly [weight: number, act: (run: Run) => Promise<void> | void];

const ACTS: readonly Act[] = [
  [8, send],
  [10, (run) => void run.phone.flush()],
  [10, (run) => void run.phone.look()],
  [3, (run) => cancel(run)],
  [2, (run) => withdraw(run)],
  [6, (run) => answer(run, run.world.chance.percent(70))],
  [14, ({ world }) => world.pass(world.chance.pick([500, 2000, 5000, 20_000]))],
  [4, ({ world }) => world.pass(world.chance.pick([MINUTE, 3 * MINUTE, 11 * MINUTE, DAY]))],
  [8, crashOrStart],
  [2, stop],
];
const WEIGHTS = ACTS.reduce((sum, [weight]) => sum + weight, 0);

async function actAtRandom(run: Run): Promise<void> {
  let at = run.world.chance.below(WEIGHTS);
  for (const [weight, act] of ACTS) {
    if (at < weight) return act(run);
    at -= weight;
  }
}

/** A task the phone sends now: in a thread or alone, some with a deadline. */
function wishOf({ world, phone, sent, desktop }: Run, plan: Plan): Parameters<FaultsPhone['errands']['send']>[0] {
  const { chance: random } = world;
  const thread = random.percent(60) && sent.length > 0 ? phone.book.task(random.pick(sent).id)?.thread : undefined;
  const deadline = random.percent(15) ? Math.floor(world.now() / 1000) + 60 + random.below(1200) : undefined;
  return {
    desktop: desktop.identity.device.kid,
    text: plan.name,
    grants: plan.script ? [{ do: 'script', name: plan.name }] : [],
    thread,
    ...(plan.script && { script: plan.name }),
    ...(deadline !== undefined && { deadline, ifMissed: random.pick(IF_MISSED) }),
  };
}

/** The one it follows, as the phone sees it. */
function before({ phone, sent }: Run, id: string): Sent | undefined {
  const mine = phone.book.threads().find(({ tasks }) => tasks.some((task) => task.id === id))?.tasks ?? [];
  const earlier = mine
    .slice(
      0,
      mine.findIndex((task) => task.id === id),
    )
    .findLast(({ standing }) => standing.is !== 'withdrawn' && standing.is !== 'unsent');
  return sent.find((each) => each.id === earlier?.id);
}

async function send(run: Run): Promise<void> {
  const { world, phone, sent, left } = run;
  if (left.tasks === 0) return;
  left.tasks -= 1;
  const plan = planOf(world.chance, `T${sent.length + 1}`);
  if (plan.script) run.register(plan);
  const id = await phone.errands.send(wishOf(run, plan));
  const after = before(run, id);
  sent.push({ id, plan, after });
  world.note(`sends ${inWords(plan)}${after ? ` after ${after.plan.name}` : ''}`);
  void phone.flush();
}

async function cancel(run: Run): Promise<void> {
  const tasks = unended(run).filter(({ standing }) => standing.is !== 'withdrawn' && standing.is !== 'here');
  if (tasks.length === 0) return;
  const { id, text } = run.world.chance.pick(tasks);
  run.world.note(`cancels ${text}`);
  await run.phone.errands.cancel(id);
  void run.phone.flush();
}

function withdraw(run: Run): void {
  const tasks = unended(run).filter(({ standing }) => standing.is === 'relay' || standing.is === 'here');
  if (tasks.length === 0) return;
  const { id, text } = run.world.chance.pick(tasks);
  run.world.note(`withdraws ${text}`);
  run.phone.errands.withdraw(id).catch((error: unknown) => run.world.note(`  not withdrawn: ${String(error)}`));
}

/** A question that the owner may answer now, or put again with one tap. */
function isOpen({ standing, asks }: TaskView, ask: AskView): boolean {
  if (!ask.actions || ask.answer !== undefined) return false;
  if (standing.is === 'waiting') return standing.ask === ask.ask.ask;
  return standing.is === 'parked' && standing.why === 'ask-expired' && ask === asks.at(-1);
}

/** The owner answers what waits. Whether something is to be done again, the owner looks up first. */
async function answer(run: Run, wish: boolean): Promise<boolean> {
  const { world, phone } = run;
  const open = unended(run).flatMap((task) =>
    task.asks.filter((ask) => isOpen(task, ask)).map((ask) => ({ task, ask })),
  );
  if (open.length === 0) return false;
  const { task, ask } = world.chance.pick(open);
  const ok = wish && !wasDone(run, task, ask);
  world.note(`answers ${planned(run.sent, task.text).plan.name}: ${ok}`);
  await phone.errands.answer({ task: task.id, ask: ask.ask.ask, ok });
  void phone.flush();
  return true;
}

function wasDone({ world, sent }: Run, { text }: TaskView, { actions }: AskView): boolean {
  const action = actions?.[0]?.action;
  return action?.act.sink === 'repeat' && world.effects.has(callOf(planned(sent, text).plan, action.n));
}

function crashOrStart(run: Run): void {
  const { world, life } = run;
  if (life) {
    if (!world.chance.percent(60)) return;
    world.injected += 1;
    return life.kill();
  }
  begin(run, doomOf(world));
}

function doomOf({ chance: random }: World): Doom {
  const sort = random.below(3);
  if (sort === 0) return {};
  if (sort === 1) return { failpoint: `${random.pick(FAILPOINTS)}:${1 + random.below(2)}` };
  return { write: { nth: 1 + random.below(40), where: random.pick(WHERE) } };
}

function stop(run: Run): void {
  if (!run.life || run.stopping) return;
  run.world.note('the lid closes');
  run.stopping = run.life.stop();
}

const ROUNDS = 400;

const OVER: ReadonlySet<string> = new Set<TaskView['standing']['is']>(['ended', 'withdrawn', 'unsent']);
const isOver = ({ phone, sent }: Run): boolean =>
  sent.every(({ id }) => OVER.has(phone.book.task(id)?.standing.is ?? ''));

/** Everybody behaves, and the owner answers: all that was sent comes to its end. */
async function calm(run: Run, around: Surroundings): Promise<void> {
  const { world } = run;
  world.note('-- calm --');
  for (let round = 0; round < ROUNDS; round++) {
    await rest(run, around);
    const now = world.pending();
    if (now.length > 0) for (const one of now) happenWell(world, one);
    else if (!run.life) begin(run, {});
    else if (run.phone.busy()) world.pass(5000);
    else if (isOver(run)) return;
    else await goOn(run, round);
  }
}

function happenWell(world: World, one: Pending): void {
  if (world.pending().includes(one)) happen(world, one, 0);
}

async function goOn(run: Run, round: number): Promise<void> {
  const { world, phone } = run;
  if (!(await answer(run, round % 3 !== 0))) world.pass(round < 10 ? 5000 : 30_000);
  void phone.flush().then(() => phone.look());
}
