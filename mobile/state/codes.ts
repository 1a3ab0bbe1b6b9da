import type { RelayClient } from '../../edge/mailbox/relay-client.ts';
import { getMeta, META, readMeta, writeMeta } from '../link/meta.ts';
import type { PhoneDeps } from './deps.ts';
import type { CodesView } from './view.ts';

/** The account's recovery codes. They are shown once and kept nowhere on this phone. */
export interface Codes {
  load(): Promise<void>;
  view(): CodesView;
  /** Asks the relay how many are left. Codes that another phone made are saved, as far as this one can know. */
  readonly look: () => Promise<void>;
  /** New ones in the place of all earlier ones. Rejects with auth.fresh-factor when no code was entered lately. */
  readonly make: () => Promise<readonly string[]>;
  /** They are saved, or not wanted. */
  readonly settle: () => Promise<void>;
}

export function createCodes(options: {
  deps: PhoneDeps;
  relay: () => Promise<RelayClient>;
  changed: () => void;
}): Codes {
  const { deps, relay, changed } = options;
  let view: CodesView = { settled: false, left: undefined };

  function show(next: Partial<CodesView>): void {
    view = { ...view, ...next };
    changed();
  }
  async function settle(): Promise<void> {
    await writeMeta(deps.db, META.codes, 'settled');
    show({ settled: true });
  }
  return {
    load: async () => {
      view = { settled: (await readMeta(deps.db, META.codes)) === 'settled', left: undefined };
    },
    view: () => view,
    look: async () => {
      const { left } = await (await relay()).recovery();
      show({ left });
      const made = await deps.db.read((tx) => getMeta(tx, META.codes));
      if (left > 0 && made === undefined) await settle();
    },
    make: async () => {
      const codes = await (await relay()).makeRecoveryCodes();
      if (!view.settled) await writeMeta(deps.db, META.codes, 'made');
      show({ left: codes.length });
      return codes;
    },
    settle,
  };
}
