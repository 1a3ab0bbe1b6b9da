import * as z from 'zod/mini';
import type { Carrier } from '../../agent/link/carrier.ts';
import { startLink, type Link } from '../../agent/link/link.ts';
import { openJournal, type Journal } from '../../agent/journal/journal.ts';
import { CLEAN } from '../../agent/policy/taint.ts';
import type { Script } from '../../agent/policy/rules.ts';
import { failpointNamed } from '../../agent/runner/failpoint.ts';
import { ModelFault, type Model, type ModelRequest, type Reply } from '../../agent/runner/model.ts';
import { createRunner, type Runner } from '../../agent/runner/run.ts';
import type { Tool, ToolContext, ToolRun } from '../../agent/tools/tool.ts';
import { runScript } from '../../agent/tools/run-script.ts';
import { newId } from '../../edge/protocol/id.ts';
import { relayClock } from '../../edge/mailbox/relay-clock.ts';
import type { Identity } from '../../edge/protocol/identity.ts';
import type { Plan, PlannedCall } from './faults-plan.ts';
import { Dead, type World } from './faults-world.ts';

/** Where a process ends of itself, once it comes there. */
export interface Doom {
  /** As ERRAND_FAILPOINT. */
  readonly failpoint?: string | undefined;
  /** At this transaction, counted from its start: before it, inside it, or after it. */
  readonly write?: { readonly nth: number; readonly where: 'before' | 'inside' | 'after' };
}

export interface Desktop {
  readonly world: World;
  readonly folder: string;
  readonly identity: Identity;
  readonly scripts: readonly Script[];
  readonly width: number;
  planned(name: string): Plan;
  /** Called when something of a task begins: looks whether it may. */
  begins(name: string, journal: Journal): void;
}

/** One process of the agent, from its start to its death: the product's own runner, link and journal. */
export interface Life {
  readonly journal: Journal;
  readonly runner: Runner;
  readonly link: Link;
  dead(): boolean;
  /** Running tasks that are at work just now, and not waiting for something outside. */
  busy(): number;
  kill(): void;
  /** As at a closed lid. */
  stop(): Promise<void>;
}

export function beginLife(desktop: Desktop, doom: Doom): Life {
  const { world, folder, identity, width } = desktop;
  const real = openJournal({ folder, now: () => world.now() });
  let dead = false;
  const me = {};
  function kill(): void {
    if (dead) return;
    dead = true;
    world.note('the agent dies');
    world.bury(me);
    world.bells.delete(identity.device.kid);
  }
  function die(): never {
    world.injected += 1;
    kill();
    throw new Dead();
  }
  const journal = mortal({ real, doom, isDead: () => dead, die });
  const setTimer = world.setTimer(me);
  const wait = (ms: number, signal: AbortSignal): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const cancel = setTimer(resolve, ms);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    return promise.finally(cancel);
  };
  const outside = { desktop, me, journal: real, die: () => (dead ? undefined : die()) };
  const runner = createRunner({
    journal,
    model: () => modelOf(outside),
    tools: [...toolsOf(outside), runScript],
    rules: () => ({ v: 1, roots: [], sensitive: [], scripts: [...desktop.scripts] }),
    desk: { platform: 'linux', home: folder, own: [], run: newId() },
    runCommand: async ({ argv, signal }) => {
      const run = await act(outside, { name: argv.at(-1) ?? '', key: `${argv.at(-1)}.script`, tool: 'script', signal });
      return run.failed ? { ended: 'killed', tail: '' } : { ended: 'exit', code: 0, tail: '' };
    },
    apart: () => Promise.reject(new Error('no documents')),
    parts: { put: () => Promise.reject(new Error('no parts')), get: () => Promise.reject(new Error('no parts')) },
    failpoint: failpointNamed(doom.failpoint, die),
    wait,
    width,
    setTimer,
    onBusy: () => undefined,
  });
  const link = startLink({
    journal,
    identity,
    carrier: carrierOf(world, identity, me),
    setTimer,
    onState: () => undefined,
    onJoined: () => undefined,
    onClock: () => undefined,
    log: () => undefined,
  });
  const waiting = (): number => world.pending().filter(({ owner, holdsTask }) => owner === me && holdsTask).length;
  return {
    journal: real,
    runner,
    link,
    dead: () => dead,
    busy: () => (dead ? 0 : runner.running() - waiting()),
    kill,
    stop: async () => {
      await runner.stop('lid-closed');
      await link.stop(500);
      kill();
    },
  };
}

/** The journal of a process that may end at any of its transactions; afterwards nothing of that process reads or writes any more. */
function mortal(options: { real: Journal; doom: Doom; isDead: () => boolean; die: () => never }): Journal {
  const { real, doom, isDead, die } = options;
  let writes = 0;
  const alive = (): void => {
    if (isDead()) throw new Dead();
  };
  return {
    ...real,
    get db() {
      alive();
      return real.db;
    },
    write: (work) => {
      alive();
      if (real.db.inTransaction) return real.write(work);
      const where = ++writes === doom.write?.nth ? doom.write.where : undefined;
      if (where === 'before') die();
      const result = real.write(() => {
        const value = work();
        if (where === 'inside') die();
        return value;
      });
      if (where === 'after') die();
      return result;
    },
  };
}

function carrierOf(world: World, { device }: Identity, me: object): Carrier {
  const relay = world.client({ kid: device.kid, name: 'desk' }, me);
  return {
    relay,
    anonymous: relay,
    clock: relayClock({ fetch: () => Promise.reject(new Error('nothing but envelopes')), now: () => world.now() }),
    session: { token: async () => undefined, renew: async () => undefined },
    listen: ({ poke, joined }) => {
      world.bells.set(device.kid, poke);
      joined();
      return { stop: async () => void world.bells.delete(device.kid) };
    },
  };
}

interface Outside {
  readonly desktop: Desktop;
  readonly me: object;
  readonly journal: Journal;
  /** Ends the process, if it is not over. */
  readonly die: () => void;
}

/** Waits until the run lets it happen, or until the signal. */
function held<T>(
  { desktop, me }: Outside,
  options: { what: string; fates: readonly string[]; signal: AbortSignal; make: (fate: string) => T },
): Promise<T> {
  const { what, fates, signal, make } = options;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const forget = desktop.world.pend({
    what,
    owner: me,
    fates,
    holdsTask: true,
    happen: (fate) => {
      try {
        resolve(make(fate));
      } catch (error) {
        reject(error);
      }
    },
  });
  const cut = (): void => {
    forget();
    reject(signal.reason);
  };
  if (signal.aborted) cut();
  signal.addEventListener('abort', cut, { once: true });
  return promise;
}

function modelOf(outside: Outside): Model {
  return {
    name: 'planned',
    next: (request) => {
      const plan = outside.desktop.planned(request.brief.text);
      outside.desktop.begins(plan.name, outside.journal);
      return held(outside, {
        what: `model of ${plan.name}`,
        fates: ['ok', 'away', 'dies'],
        signal: request.signal,
        make: (fate) => {
          if (fate === 'away') throw new ModelFault('model.unavailable', 'not now');
          if (fate === 'dies') outside.die();
          return replyOf(plan, request);
        },
      });
    },
  };
}

function replyOf({ turns, reusesIds, cannot, name }: Plan, { messages }: ModelRequest): Reply {
  const turn = messages.filter(({ role }) => role === 'assistant').length;
  const calls = turns[turn];
  if (!calls)
    return { content: [{ type: 'text', text: `${name} is over` }], stop_reason: cannot ? 'cannot' : 'end_turn' };
  return {
    content: calls.map(({ key, tool }, index) => ({
      type: 'tool_use',
      id: reusesIds ? `call_${index}` : `call_${turn}_${index}`,
      name: tool,
      input: { key },
    })),
    stop_reason: 'tool_use',
  };
}

const CLASS = { look: 'pure', peek: 'pure', put: 'idem', pay: 'once', buy: 'once' } satisfies Record<
  PlannedCall['tool'],
  Tool['class']
>;
/** A script that is not as it was registered: the owner is asked. */
const ASKS = [{ sink: 'script', name: 'changed' }] satisfies Awaited<ReturnType<Tool['intents']>>;

const inputSchema = z.object({ key: z.string() });

const toolsOf = (outside: Outside): Tool[] =>
  (['look', 'peek', 'put', 'pay', 'buy'] satisfies PlannedCall['tool'][]).map((tool) => ({
    name: tool,
    description: tool,
    class: CLASS[tool],
    input: inputSchema,
    title: () => tool,
    intents: async () => (tool === 'peek' || tool === 'buy' ? ASKS : []),
    run: (input, _opened, context) => {
      const { key } = inputSchema.parse(input);
      return act(outside, { name: key.split('.')[0] ?? '', key, tool, signal: context.signal });
    },
  }));

/** A tool at work: it has its effect, or not, and the process may end before or after that. */
async function act(
  outside: Outside,
  options: { name: string; key: string; tool: string } & Pick<ToolContext, 'signal'>,
): Promise<ToolRun> {
  const { name, key, tool, signal } = options;
  const { desktop, journal, die } = outside;
  const { effects } = desktop.world;
  desktop.begins(name, journal);
  try {
    return await held(outside, {
      what: `${tool} ${key}`,
      fates: ['ok', 'dies before', 'dies after', 'fails'],
      signal,
      make: (fate): ToolRun => {
        if (fate === 'dies before') die();
        if (fate === 'fails') return { content: 'failed', failed: true, taint: CLEAN };
        effects.set(key, (effects.get(key) ?? 0) + 1);
        if (fate === 'dies after') die();
        return { content: 'done', failed: false, taint: CLEAN };
      },
    });
  } catch (error) {
    if (error instanceof Dead) throw error;
    return { content: 'stopped', failed: true, taint: CLEAN };
  }
}
