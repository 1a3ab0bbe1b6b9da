import { drainInbox, type Drained } from '../../edge/mailbox/inbox.ts';
import { flushOutbox } from '../../edge/mailbox/outbox.ts';
import { createPump, nextAfter, type Kicks, type Next } from '../../edge/mailbox/pump.ts';
import { RelayError } from '../../edge/mailbox/relay-client.ts';
import type { Accepted } from '../../edge/mailbox/store.ts';
import type { Identity } from '../../edge/protocol/identity.ts';
import { makeProof, type Proof } from '../../edge/protocol/proof.ts';
import { faultCode, type FaultCode } from '../link/fault.ts';
import { heardSchema, type Heard } from '../link/heard.ts';
import { inboxStore, nextEpoch, outboxStore, Overtaken, peersOf } from '../link/mailbox-store.ts';
import { dropMeta, META, readMeta, writeMeta } from '../link/meta.ts';
import type { PhoneDeps } from './deps.ts';
import { createDoorbell } from './doorbell.ts';
import type { LineView } from './view.ts';
import type { Wire, Wires } from './wires.ts';

/** Milliseconds between two looks into the inbox, with a doorbell and without. */
const POLL_WITH_POKES = 30_000;
const POLL = 5_000;
/** Milliseconds until something that went wrong is tried again. */
const RETRY = 5_000;
const RETRY_SENDING = 2_000;

export interface Post {
  /** Sends and pulls now. */
  readonly kick: () => void;
  /** Sends now; pulling follows the doorbell. */
  readonly kickOut: () => void;
  line(): LineView;
  /** Stops listening to the doorbell: the session is over. */
  hush(): Promise<void>;
  /** One look into the inbox, for a service worker. Rejects with RelayError. */
  drain(): Promise<void>;
  stop(): Promise<void>;
}

export interface PostOptions {
  readonly deps: PhoneDeps;
  readonly wires: Wires;
  readonly heard: (accepted: Accepted<Heard>) => void;
  readonly drained: () => Promise<void>;
  /** Shows what was stored. */
  readonly refresh: () => Promise<void>;
  /** After each look into the inbox. */
  readonly looked: () => Promise<void>;
  /** The relay did not take the session: it may be over. */
  readonly sessionDoubted: () => Promise<void>;
  readonly settled: (id: string) => void;
  readonly lineChanged: () => void;
}

export interface Ready {
  readonly wire: Wire;
  readonly identity: Identity;
}

/** The phone's two directions. Each runs under a lock of its own; both need a bound session and somebody to talk to. */
export function createPost(options: PostOptions): Post {
  const { deps, wires } = options;
  let line: LineView = { is: 'unknown' };
  const doorbell = createDoorbell(deps, () => inbox.kick());

  function setLine(next: LineView): void {
    if (JSON.stringify(next) === JSON.stringify(line)) return;
    line = next;
    options.lineChanged();
  }
  /** Runs `work` when there is anybody to talk to. Never rejects: what went wrong is shown, and tried again. */
  async function attempt(work: (ready: Ready) => Promise<Next>): Promise<Next> {
    try {
      const ready = await whenReady(deps, wires);
      return ready && (await work(ready));
    } catch (error) {
      if (error instanceof Overtaken) return 0;
      setLine(lineOf(error));
      if (!(error instanceof RelayError)) return RETRY;
      await heed(error, options).catch((second: unknown) => setLine(lineOf(second)));
      return nextAfter(error, RETRY);
    }
  }
  const out = createPump({ setTimer: deps.setTimer, work: () => attempt((ready) => send(ready, options, setLine)) });
  const inbox = createPump({
    setTimer: deps.setTimer,
    work: (kicks) =>
      attempt(async (ready) => {
        const { refused } = await drain(ready, options, kicks);
        const wrong = ready.wire.clock.behind() !== 0 || refused.some(({ why }) => why === 'time.future');
        setLine(wrong ? { is: 'refused', why: 'clock.skew' } : { is: 'reached' });
        await options.looked();
        doorbell.hang(ready);
        return doorbell.connected() ? POLL_WITH_POKES : POLL;
      }),
  });
  return {
    kick: () => {
      out.kick();
      inbox.kick();
    },
    kickOut: () => out.kick(),
    line: () => line,
    hush: () => doorbell.close(),
    drain: async () => {
      const ready = await whenReady(deps, wires);
      if (ready) await drain(ready, options);
    },
    stop: async () => {
      await Promise.all([out.stop(), inbox.stop()]);
      await doorbell.close();
    },
  };
}

/** Resolves with the delay after which to try again, when something stopped it. */
async function send(
  { wire, identity }: Ready,
  { deps, settled, sessionDoubted }: PostOptions,
  setLine: (line: LineView) => void,
): Promise<Next> {
  if (deps.online?.() === false) return undefined;
  const store = outboxStore(deps.db, settled);
  const sender = { relay: wire.relay, store, identity: () => identity, now: wire.clock.sending };
  const flushed = await deps.lock('outbox', () => flushOutbox(sender));
  if (flushed.is === 'empty') return undefined;
  setLine(lineOf(flushed.error));
  await heed(flushed.error, { deps, sessionDoubted });
  return nextAfter(flushed.error, RETRY_SENDING);
}

/** Does what a refusal asks for before the next try. */
async function heed(
  { code }: RelayError,
  { deps, sessionDoubted }: Pick<PostOptions, 'deps' | 'sessionDoubted'>,
): Promise<void> {
  if (code === 'device.unbound') await dropMeta(deps.db, META.bound);
  if (code.startsWith('auth.')) await sessionDoubted();
}

function lineOf(error: unknown): LineView {
  const why: FaultCode = faultCode(error);
  return why === 'network.unreachable' ? { is: 'unreached' } : { is: 'refused', why };
}

async function drain(
  { wire, identity }: Ready,
  { deps, heard, drained, refresh }: PostOptions,
  kicks?: Kicks,
): Promise<Drained> {
  const { kid, ek } = identity.device;
  const receiver = {
    kid,
    keys: () => [{ ek, pair: identity.encryption }],
    schema: heardSchema,
    allows: (header: { k: string }) => header.k === 'evt',
    store: inboxStore(deps.db, heard),
    now: wire.clock.receiving,
  };
  try {
    const taken = await deps.lock('inbox', async () =>
      drainInbox({ relay: wire.relay, receiver, epoch: await nextEpoch(deps.db), kicks }),
    );
    await drained();
    return taken;
  } catch (error) {
    // What was stored before it went wrong is not given a second time.
    await refresh();
    throw error;
  }
}

/** Signed in with both factors, with keys, paired, and the session bound to the keys; undefined when one of these is missing. */
async function whenReady(deps: PhoneDeps, wires: Wires): Promise<Ready | undefined> {
  const wire = wires.known();
  const identity = await deps.keys.load();
  const standing = await wire?.account.standing();
  if (!wire || !identity || standing?.is !== 'ready') return undefined;
  if ((await deps.db.read(peersOf)).length === 0) return undefined;
  await deps.lock('bind', () => bind(deps, { wire, identity }, standing.session));
  return { wire, identity };
}

/** Tells the relay, once for each session, which phone it is. */
async function bind(deps: PhoneDeps, { wire, identity }: Ready, session: string): Promise<void> {
  if ((await readMeta(deps.db, META.bound)) === session) return;
  const proof: Proof = { use: 'bind', kid: identity.device.kid, session, iat: wire.clock.sending() };
  await wire.relay.bindDevice(await makeProof(identity, proof));
  await writeMeta(deps.db, META.bound, session);
}
