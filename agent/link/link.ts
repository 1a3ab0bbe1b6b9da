import { setImmediate } from 'node:timers';
import { drainInbox } from '../../edge/mailbox/inbox.ts';
import { flushOutbox } from '../../edge/mailbox/outbox.ts';
import { createPump, nextAfter, type Kicks, type Next } from '../../edge/mailbox/pump.ts';
import { RelayError } from '../../edge/mailbox/relay-client.ts';
import type { Identity } from '../../edge/protocol/identity.ts';
import type { Journal } from '../journal/journal.ts';
import { noteFailedLook, noteLook } from '../journal/looks.ts';
import { outboxStore } from '../journal/outbox.ts';
import type { Carrier, SetTimer } from './carrier.ts';
import { desktopReceiver } from './inbox.ts';

export type LinkState = 'online' | 'offline' | 'no-session';

/** Between two pulls that nobody asked for: the doorbell may have been lost. */
const PULL_MS = 20_000;
const RETRY_MS = 3000;

interface Options {
  readonly journal: Journal;
  readonly identity: Identity;
  readonly carrier: Carrier;
  readonly setTimer: SetTimer;
  readonly onState: (state: LinkState) => void;
  /** The doorbell's channel is joined. */
  readonly onJoined: () => void;
  /** After each look: seconds by which this clock is behind the relay's, 0 when it is right. */
  readonly onClock: (behind: number) => void;
  readonly log: (text: string) => void;
}

export interface Link {
  readonly state: () => LinkState;
  /** Something may have changed at the relay: look at once. */
  kick(): void;
  /** Sends what is pending, for at most this long, and stops. */
  stop(farewellMs: number): Promise<void>;
}

/** What the relay's answers say of the link. */
function createHealth({ carrier, onState, log }: Options) {
  let state: LinkState = 'offline';
  function enter(next: LinkState): void {
    if (next === state) return;
    state = next;
    onState(next);
  }
  async function judge(error: RelayError): Promise<void> {
    if (error.code === 'quota.exceeded') return enter('online');
    const refused = error.code === 'auth.invalid' || error.code === 'auth.missing';
    enter(refused || error.code === 'device.unknown' ? 'no-session' : 'offline');
    // A token was held, and the relay has forgotten the session behind it.
    if (error.code === 'auth.invalid') await carrier.session.renew().catch(() => undefined);
  }
  return {
    state: (): LinkState => state,
    online: (): void => enter('online'),
    judge,
    /** Turns work into work that does not throw, as a pump demands. */
    guarded:
      (work: (kicks?: Kicks) => Promise<Next>) =>
      async (kicks?: Kicks): Promise<Next> => {
        try {
          return await work(kicks);
        } catch (error) {
          if (!(error instanceof RelayError)) {
            log(`link: ${String(error)}`);
            return PULL_MS;
          }
          await judge(error);
          return nextAfter(error, RETRY_MS);
        }
      },
  };
}

/** Carries envelopes between relay and journal. The runner never sees it: a broken network only makes rows wait. */
export function startLink(options: Options): Link {
  const { journal, carrier, identity, setTimer } = options;
  const health = createHealth(options);
  const { relay, clock } = carrier;
  const receiver = { ...desktopReceiver(journal, identity), now: clock.receiving };
  const sender = { relay, store: outboxStore(journal), identity: () => identity, now: clock.sending };

  async function look(kicks?: Kicks): ReturnType<typeof drainInbox> {
    const began = journal.now();
    try {
      const drained = await drainInbox({ relay: carrier.relay, receiver, epoch: journal.epoch, kicks });
      noteLook(journal, began);
      return drained;
    } catch (error) {
      noteFailedLook(journal);
      throw error;
    }
  }
  async function pull(kicks?: Kicks): Promise<number> {
    const { refused } = await look(kicks);
    for (const { id, why } of refused) options.log(`link: refused envelope ${id}: ${why}`);
    health.online();
    options.onClock(clock.behind());
    return PULL_MS;
  }
  async function send(): Promise<Next> {
    const flushed = await flushOutbox(sender);
    if (flushed.is === 'empty') return undefined;
    await health.judge(flushed.error);
    return nextAfter(flushed.error, RETRY_MS);
  }
  const inbound = createPump({ setTimer, work: health.guarded(pull) });
  const outbound = createPump({ setTimer, work: health.guarded(send) });
  const kick = (): void => [inbound, outbound].forEach((pump) => pump.kick());
  const unwatch = journal.watch((change) => {
    // What follows in the same breath leaves with it.
    if (change.in === 'out') setImmediate(() => outbound.kick());
  });
  const listener = carrier.listen({
    poke: () => inbound.kick(),
    joined: () => {
      kick();
      options.onJoined();
    },
  });
  kick();
  const halt = async (): Promise<void> => {
    await Promise.all([inbound.stop(), outbound.stop()]);
    await health.guarded(send)();
    await listener.stop();
  };
  return {
    state: health.state,
    kick,
    stop: (farewellMs) => {
      unwatch();
      return withPatience(halt(), farewellMs, setTimer);
    },
  };
}

async function withPatience(work: Promise<void>, ms: number, setTimer: SetTimer): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = setTimer(resolve, ms);
  await Promise.race([work, promise]);
  cancel();
}
