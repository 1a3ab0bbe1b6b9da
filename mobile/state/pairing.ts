import { RelayError } from '../../edge/mailbox/relay-client.ts';
import type { PairingLink } from '../../edge/protocol/pairing-code.ts';
import { PairingRefused } from '../../edge/protocol/pairing.ts';
import { faultCode } from '../link/fault.ts';
import { dropMeta, META, readMeta, writeMeta } from '../link/meta.ts';
import type { PairingRecord } from '../link/records.ts';
import { allowed, goToRelay, isPairingLink, pin, prepareClaim, readLink } from './ceremony.ts';
import type { PhoneDeps } from './deps.ts';
import type { PairingView } from './view.ts';
import type { Wires } from './wires.ts';

export interface Pairing {
  view(): PairingView;
  /** The link that waits for the second factor. */
  waiting(): string | undefined;
  /**
   * Takes a link, its part after '#', or a typed code. Keeps it through sign-up when the account is not ready yet, else resolves
   * once the desk allowed this phone. Never rejects: what went wrong is in the view.
   */
  open(link: string): Promise<void>;
  /** Whether a text, as a camera reads it, is what a desktop shows for pairing. */
  reads(text: string): boolean;
  /** Goes on with what a reload or sign-up interrupted. */
  resume(): Promise<void>;
  cancel(): Promise<void>;
  /** Stops looking, without forgetting: a later `resume` goes on. */
  pause(): void;
}

interface PairingOptions {
  readonly deps: PhoneDeps;
  readonly wires: Wires;
  readonly changed: () => void;
  /** The relay wants the second factor again before it lets a phone be added. */
  readonly factorWanted: () => void;
  readonly paired: () => Promise<void>;
}

export function createPairing(options: PairingOptions): Pairing {
  const { deps, wires } = options;
  let view: PairingView = { is: 'none' };
  let waiting: string | undefined;
  let turn = 0;

  function show(next: PairingView): void {
    view = next;
    options.changed();
  }
  async function keepLink(link: string | undefined): Promise<void> {
    waiting = link;
    await (link === undefined ? dropMeta(deps.db, META.link) : writeMeta(deps.db, META.link, link));
    options.changed();
  }
  /** Runs one step of the ceremony; the person may meanwhile have begun another or given up. */
  async function run(work: (mine: () => boolean) => Promise<void>): Promise<void> {
    const mine = ++turn;
    try {
      await work(() => mine === turn);
    } catch (error) {
      if (mine === turn) await end(ceremony, error);
    }
  }

  const ceremony = { options, show, keepLink };
  return {
    view: () => view,
    waiting: () => waiting,
    reads: isPairingLink,
    open: (text) =>
      run(async (mine) => {
        const link = readLink(text);
        await goToRelay(wires, link);
        await keepLink(text);
        if (await isReady(wires)) await claim(ceremony, link, mine);
      }),
    resume: async () => {
      const before = turn;
      waiting = await readMeta(deps.db, META.link);
      const under = await readMeta(deps.db, META.pairing);
      // Whoever opened a link meanwhile does not want to be resumed.
      if (!(await isReady(wires)) || turn !== before) return;
      if (under) return run((mine) => wait(ceremony, under, mine));
      const text = waiting;
      if (text !== undefined) await run((mine) => claim(ceremony, readLink(text), mine));
    },
    cancel: async () => {
      turn++;
      await dropMeta(deps.db, META.pairing);
      await keepLink(undefined);
      show({ is: 'none' });
    },
    pause: () => void turn++,
  };
}

const isReady = async (wires: Wires): Promise<boolean> => (await wires.known()?.account.standing())?.is === 'ready';

interface Ceremony {
  readonly options: PairingOptions;
  readonly show: (next: PairingView) => void;
  readonly keepLink: (link: string | undefined) => Promise<void>;
}

/** A factor that is not fresh keeps the link: the pairing goes on once the code was entered. Anything else ends it. */
async function end({ options, show, keepLink }: Ceremony, error: unknown): Promise<void> {
  await dropMeta(options.deps.db, META.pairing);
  if (error instanceof RelayError && error.code === 'auth.fresh-factor') {
    show({ is: 'none' });
    return options.factorWanted();
  }
  await keepLink(undefined);
  show({ is: 'failed', why: error instanceof PairingRefused ? 'pairing.false' : faultCode(error) });
}

async function claim(ceremony: Ceremony, link: PairingLink, mine: () => boolean): Promise<void> {
  const { deps, wires } = ceremony.options;
  ceremony.show({ is: 'looking' });
  const { relay, clock } = await wires.get();
  const { pairing, identity } = await prepareClaim(deps, { relay, clock }, link.code);
  if (!mine()) return;
  await writeMeta(deps.db, META.pairing, pairing);
  await relay.claimPairing(pairing.pid, pairing.claim, identity.device);
  await wait(ceremony, pairing, mine);
}

async function wait(ceremony: Ceremony, record: PairingRecord, mine: () => boolean): Promise<void> {
  const { deps, wires, paired } = ceremony.options;
  const { desktop, digits, pid } = record;
  ceremony.show({ is: 'compare', desktop: desktop.name, digits });
  const { relay } = await wires.get();
  if (!(await allowed({ deps, relay, pid, mine }))) return;
  await pin(deps, desktop);
  await dropMeta(deps.db, META.pairing);
  await ceremony.keepLink(undefined);
  await paired();
  ceremony.show({ is: 'paired', desktop: desktop.name });
}
