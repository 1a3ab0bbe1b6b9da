import type { Control } from '../../edge/protocol/up.ts';
import { askAgain, takeAnswer } from '../journal/ask.ts';
import { audit } from '../journal/audit.ts';
import { redraftEvents } from '../journal/event.ts';
import { draftPast } from '../journal/past.ts';
import type { Journal } from '../journal/journal.ts';
import { writeMeta, writeSettings } from '../journal/meta.ts';
import { withholdFrom } from '../journal/outbox.ts';
import { part } from '../journal/parted.ts';
import { readPeer, removePeer } from '../journal/peer.ts';
import { cancelQueuedOf, cancelTask, type Asker } from '../journal/task.ts';

/** The version of the wire from which on a phone reads many events in one body. */
const READS_PAST = 2;

/**
 * Carries out what a trusted phone said, inside the transaction that takes its envelope. What is refused is noted and changes
 * nothing; presence goes out again, so that the phone sees what really holds.
 */
export function obey(journal: Journal, control: Control, by: Asker): void {
  switch (control.kind) {
    case 'answer':
      // A late answer grants nothing, but shows that the owner is there: the question is put again.
      if (takeAnswer(journal, control, by) === 'late') askAgain(journal, control.ask);
      return;
    case 'cancel':
      return cancelTask(journal, control.t, by.kid);
    case 'set':
      return setPower(journal, control, by);
    case 'sync':
      return sync(journal, control, by);
    case 'drop':
      return dropPhone(journal, control.kid, by.kid);
  }
}

function setPower(journal: Journal, { settings, rev }: Extract<Control, { kind: 'set' }>, by: Asker): void {
  const allowed = readPeer(journal, by.kid)?.mayPower === true;
  if (allowed && writeSettings(journal, settings, rev)) {
    return audit(journal, { did: 'set-power', settings: JSON.stringify(settings), by: by.kid });
  }
  audit(journal, { did: 'refused-control', kind: 'set', by: by.kid, why: allowed ? 'old revision' : 'not allowed' });
  journal.touch({ in: 'settings' });
}

function sync(journal: Journal, { have, range, version }: Extract<Control, { kind: 'sync' }>, by: Asker): void {
  const peer = readPeer(journal, by.kid);
  if (!peer) return;
  const { mayHistory, pairedAt } = peer;
  const asked = { kid: by.kid, have, range, mayHistory, pairedAt };
  if (version >= READS_PAST) draftPast(journal, asked);
  else redraftEvents(journal, asked);
  journal.touch({ in: 'peers' });
}

/**
 * Takes a phone off the trust list, and tells it. Its tasks that have not begun are not begun, nothing that still waits goes to it,
 * and the encryption key it knows is to be followed by another.
 */
export function dropPhone(journal: Journal, kid: string, by: string): void {
  journal.write(() => {
    const peer = removePeer(journal, kid, by);
    if (!peer) return;
    withholdFrom(journal, kid);
    part(journal, peer.device);
    cancelQueuedOf(journal, kid);
    writeMeta(journal, 'rotate', kid);
  });
}
