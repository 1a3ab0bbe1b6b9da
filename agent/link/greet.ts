import type { Trust } from '../../edge/protocol/down.ts';
import { MAX_LIFE } from '../../edge/protocol/envelope.ts';
import { PROTOCOL_VERSION } from '../../edge/protocol/version.ts';
import type { Journal } from '../journal/journal.ts';
import { addDraft } from '../journal/outbox.ts';
import { listPeers, noteTold, type Peer } from '../journal/peer.ts';
import type { DeskKeys } from './keys.ts';

/** Milliseconds after which a phone that still seals to an older key is told the present one again. */
const AGAIN = 60_000;

type Who = Pick<DeskKeys, 'identity' | 'turn'>;

/**
 * Tells every phone that it is trusted, and this desktop's name and encryption key: right after pairing, and whenever they are not
 * what it was told last. Safe to call at any time.
 */
export function greet(journal: Journal, who: Who): void {
  journal.write(() => {
    for (const peer of listPeers(journal)) {
      const trust = JSON.stringify(trustFor(peer, who));
      // Before the relay confirmed its pairing, a phone cannot be reached.
      if (peer.pairing || (trust === peer.told && !missedIt(journal, peer, who))) continue;
      const { kid } = peer.device;
      addDraft(journal, { k: 'evt', json: trust, to: [kid], c: 'trust', life: MAX_LIFE, reseal: true });
      noteTold(journal, kid, trust);
    }
  });
}

function trustFor({ mayPower }: Peer, { identity, turn }: Who): Trust {
  const { name, ek, enc } = identity.device;
  return { kind: 'trust', name, mayPower, version: PROTOCOL_VERSION, key: { ek, enc, turn: turn() } };
}

/** It has sealed to another key long after it was told: the announcement did not reach it, or was undone by an older one. */
function missedIt(journal: Journal, { ek, toldAt }: Peer, { identity }: Who): boolean {
  return ek !== null && ek !== identity.device.ek && toldAt !== null && journal.now() - toldAt > AGAIN;
}
