import { RelayError, type RelayClient } from '../../edge/mailbox/relay-client.ts';
import type { Chance } from './faults-chance.ts';
import { leasingRelay, type LeasingRelay } from './faults-relay.ts';

/** What ends a simulated process. Whoever catches it can do nothing more: its journal is closed. */
export class Dead extends Error {
  override readonly name = 'Dead';
}

/** Something the code under test waits for. The run decides when it happens, and how: `fates[0]` is how it should. */
export interface Pending {
  readonly what: string;
  readonly owner: object;
  readonly fates: readonly string[];
  /** For the runner it is the one thing a running task waits for. */
  readonly holdsTask: boolean;
  happen(fate: string): void;
}

interface Timer {
  readonly at: number;
  readonly owner: object;
  readonly run: () => void;
}

/** Everything outside the processes: time, relay, network, and the effects that tools had. */
export interface World {
  readonly chance: Chance;
  readonly relay: LeasingRelay;
  readonly trace: string[];
  /** Faults that were injected. */
  injected: number;
  /** How often each call of a tool had its effect, by the call's name. */
  readonly effects: Map<string, number>;
  /** What must never be: filled where it is seen. */
  readonly wrongs: string[];
  now(): number;
  note(line: string): void;
  pending(): readonly Pending[];
  pend(pending: Pending): () => void;
  /** Lets it happen. */
  settle(pending: Pending, fate: string): void;
  setTimer(owner: object): (run: () => void, ms: number) => () => void;
  /** Time goes by at once, as while a machine sleeps: what is due is called once. */
  pass(ms: number): void;
  /** Forgets what a process was waiting for. */
  bury(owner: object): void;
  /** Who is told of pokes, by kid. */
  readonly bells: Map<string, () => void>;
  /** The relay as this device meets it; `name` is for the record. */
  client(device: { kid: string; name: string }, owner: object): RelayClient;
}

const POST = ['ok', 'lost', 'deaf', 'busy', 'quota', 'auth'];
const PULL = ['ok', 'lost', 'deaf', 'twice', 'shuffled', 'busy'];
const ACK = ['ok', 'lost', 'deaf'];

export function createWorld(chance: Chance, start: number): World {
  let now = start;
  let pending: Pending[] = [];
  let timers: Timer[] = [];
  const seconds = (): number => Math.floor(now / 1000);
  const bells = new Map<string, () => void>();
  const names = new Map<string, string>();
  const pokes = {};
  const world: World = {
    chance,
    relay: leasingRelay(seconds, (kid) => {
      world.pend({
        what: `poke ${names.get(kid)}`,
        owner: pokes,
        fates: ['ok', 'lost', 'twice'],
        holdsTask: false,
        happen: (fate) => {
          const times = { ok: 1, lost: 0, twice: 2 }[fate] ?? 0;
          for (let count = 0; count < times; count++) bells.get(kid)?.();
        },
      });
    }),
    trace: [],
    injected: 0,
    effects: new Map(),
    wrongs: [],
    bells,
    now: () => now,
    note: (line) => void world.trace.push(line),
    pending: () => pending,
    pend: (one) => {
      pending.push(one);
      return () => void (pending = pending.filter((other) => other !== one));
    },
    settle: (one, fate) => {
      pending = pending.filter((other) => other !== one);
      if (fate !== one.fates[0]) world.injected += 1;
      world.note(`  ${one.what}: ${fate}`);
      mortally(() => one.happen(fate));
    },
    setTimer: (owner) => (run, ms) => {
      const timer = { at: now + ms, owner, run };
      timers.push(timer);
      return () => void (timers = timers.filter((other) => other !== timer));
    },
    pass: (ms) => {
      now += ms;
      const due = timers.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
      timers = timers.filter(({ at }) => at > now);
      for (const { run } of due) mortally(run);
    },
    bury: (owner) => {
      pending = pending.filter((one) => one.owner !== owner);
      timers = timers.filter((one) => one.owner !== owner);
    },
    client: (device, owner) => {
      names.set(device.kid, device.name);
      return clientOf(world, device, owner);
    },
  };
  return world;
}

/** A process that dies of it is over; everything else goes on. */
export function mortally(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Dead)) throw error;
  }
}

const UNREACHED = (): RelayError => new RelayError('network.unreachable', 'no network');

/** The answer, or the refusal, that a call meets with. A lost request never arrives; after a lost answer all is done. */
function fateOf<T>(fate: string, act: () => T): T {
  switch (fate) {
    case 'lost':
      throw UNREACHED();
    case 'busy':
      throw new RelayError('relay.unavailable', 'the database is away');
    case 'quota':
      throw new RelayError('quota.exceeded', 'too many', { retryAfter: 30 });
    case 'auth':
      throw new RelayError('auth.invalid', 'a stale token');
  }
  const answer = act();
  if (fate === 'deaf') throw UNREACHED();
  return answer;
}

function clientOf(world: World, { kid, name }: { kid: string; name: string }, owner: object): RelayClient {
  const { relay } = world;
  function call<T>(options: { what: string; fates: readonly string[]; act: (fate: string) => T }): Promise<T> {
    const { what, fates, act } = options;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    world.pend({
      what: `${name} ${what}`,
      owner,
      fates,
      holdsTask: false,
      happen: (fate) => {
        try {
          resolve(fateOf(fate, () => act(fate)));
        } catch (error) {
          reject(error);
        }
      },
    });
    return promise;
  }
  return {
    ...relay.rest,
    postEnvelope: (envelope) => call({ what: 'post', fates: POST, act: () => relay.submit(envelope) }),
    withdraw: (id) => call({ what: 'withdraw', fates: ACK, act: () => relay.withdraw(kid, id) }),
    ack: (acks) => call({ what: `ack ${acks.length}`, fates: ACK, act: () => relay.ack(kid, acks) }),
    pull: (options) =>
      call({
        what: 'pull',
        fates: PULL,
        act: (fate) => {
          const pulled = relay.pull(kid, options);
          const { envelopes } = pulled;
          if (fate === 'twice') return { ...pulled, envelopes: [...envelopes, ...envelopes] };
          return fate === 'shuffled' ? { ...pulled, envelopes: world.chance.shuffled(envelopes) } : pulled;
        },
      }),
  };
}
