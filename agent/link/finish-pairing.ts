import { RelayError, type RelayClient } from '../../edge/mailbox/relay-client.ts';
import { makeProof } from '../../edge/protocol/proof.ts';
import type { Journal } from '../journal/journal.ts';
import { endPairing, removePeer, type Peer, type PendingPairing } from '../journal/peer.ts';
import { greet } from './greet.ts';
import type { DeskKeys } from './keys.ts';

export type PairingPoint = 'pair.pinned' | 'pair.confirmed';

export interface FinishOptions {
  readonly journal: Journal;
  readonly keys: Pick<DeskKeys, 'identity' | 'turn'>;
  readonly relay: Pick<RelayClient, 'confirmPairing'>;
  /** Whether the relay lists this phone under this desktop's account. Rejects with RelayError while it cannot be asked. */
  readonly isRegistered: (kid: string) => Promise<boolean>;
  /** Unix seconds. */
  readonly now: () => number;
  readonly failpoint: (name: PairingPoint) => void;
}

/** A pinned phone whose pairing the relay has not confirmed yet. */
export type Pending = Peer & { readonly pairing: PendingPairing };

/**
 * Confirms the pairing of a pinned phone at the relay, and greets it. The pin comes before: a phone that believes it is paired must
 * never find a desktop that does not know it. A fault that passes leaves the pin and its pending confirmation, for another try, also
 * after a restart; a refusal takes the pin back, unless the relay knows the phone: then it had confirmed before this process began.
 * Rejects with RelayError.
 */
export async function finishPairing(options: FinishOptions, { device, pairing }: Pending): Promise<void> {
  const { journal, keys, relay, failpoint } = options;
  const { kid } = device;
  const { pid, pollSecret, claim, fresh } = pairing;
  const iat = options.now();
  failpoint('pair.pinned');
  try {
    await relay.confirmPairing(
      pid,
      await makeProof(keys.identity, { use: 'confirm', pid, phone: kid, claim, ok: true, iat }),
      pollSecret,
    );
  } catch (error) {
    if (!(error instanceof RelayError) || error.passing) throw error;
    if (!(await options.isRegistered(kid))) {
      journal.write(() => (fresh ? void removePeer(journal, kid, 'desk') : endPairing(journal, kid)));
      throw error;
    }
  }
  failpoint('pair.confirmed');
  journal.write(() => {
    endPairing(journal, kid);
    greet(journal, keys);
  });
}
