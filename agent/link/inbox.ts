import type { Receiver } from '../../edge/mailbox/accept.ts';
import type { Accepted } from '../../edge/mailbox/store.ts';
import { parseEnvelope } from '../../edge/protocol/envelope.ts';
import type { Identity } from '../../edge/protocol/identity.ts';
import { upSchema, type Up } from '../../edge/protocol/up.ts';
import { knowsEnvelope, noteRefused, noteTaken } from '../journal/inbox.ts';
import type { Journal } from '../journal/journal.ts';
import { notBefore } from '../journal/meta.ts';
import { remindParted } from '../journal/parted.ts';
import { heardFrom, readPeer } from '../journal/peer.ts';
import { addTask, readTask } from '../journal/task.ts';
import { obey } from './control.ts';

/** How this desktop receives: into the journal, each envelope and all it causes in one transaction. */
export function desktopReceiver(journal: Journal, identity: Identity): Receiver<Up> {
  const { kid } = identity.device;
  return {
    kid,
    keys: () => [{ ek: identity.device.ek, pair: identity.encryption }, ...(identity.retired ?? [])],
    schema: upSchema,
    allows: (header, body) => (body.kind === 'task' ? header.k === 'task' : header.k === 'ctl'),
    now: () => Math.floor(journal.now() / 1000),
    store: {
      trusted: async (sender) => readPeer(journal, sender)?.device,
      notBefore: async () => notBefore(journal),
      knows: async (id) => knowsEnvelope(journal, id),
      take: async (accepted) => journal.write(() => take(journal, kid, accepted)),
      refuse: async (refused) => refuse(journal, refused),
    },
  };
}

function take(journal: Journal, me: string, { envelope, from, body }: Accepted<Up>): void {
  const { id } = envelope.header;
  // Dropped while its envelope was being opened.
  if (!readPeer(journal, from.kid)) return refuse(journal, { id, why: 'sender.unknown', compact: envelope.compact });
  noteTaken(journal, { id, sender: from.kid, compact: envelope.compact });
  heardFrom(journal, from.kid, envelope.header.to.find((to) => to.kid === me)?.ek);
  const sender = { kid: from.kid, name: from.name };
  if (body.kind !== 'task') obey(journal, body, sender);
  else if (!readTask(journal, id)) addTask(journal, { id, task: body, from: sender });
}

function refuse(journal: Journal, refused: Parameters<typeof noteRefused>[1]): void {
  journal.write(() => {
    noteRefused(journal, refused);
    if (refused.why === 'sender.unknown') remindParted(journal, parseEnvelope(refused.compact).header.kid);
  });
}
