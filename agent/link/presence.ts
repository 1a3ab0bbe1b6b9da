import type { Seen } from '../../edge/protocol/down.ts';
import { MAX_LIFE } from '../../edge/protocol/envelope.ts';
import { PROTOCOL_VERSION } from '../../edge/protocol/version.ts';
import type { Journal } from '../journal/journal.ts';
import { readSettings } from '../journal/meta.ts';
import { addDraft } from '../journal/outbox.ts';
import { listPeers } from '../journal/peer.ts';

/** What is known of this desktop besides the journal. */
export type Here = Pick<Seen, 'presence' | 'lid' | 'model' | 'scripts'>;

/** Tells every phone how this desktop is. Each replaces the one before, at the phone and on the way to it. */
export function draftSeen(journal: Journal, here: Here): void {
  journal.write(() => {
    const { settings, rev } = readSettings(journal);
    for (const { device, mayPower } of listPeers(journal)) {
      const seen: Seen = {
        kind: 'seen',
        at: journal.now(),
        ...here,
        settings,
        rev,
        mayPower,
        version: PROTOCOL_VERSION,
      };
      addDraft(journal, {
        k: 'evt',
        json: JSON.stringify(seen),
        to: [device.kid],
        c: 'seen',
        life: MAX_LIFE,
        reseal: false,
      });
    }
  });
}
