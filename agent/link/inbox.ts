import type { Receiver } from '../../edge/mailbox/accept.ts';
import type { Accepted, Refusal } from '../../edge/mailbox/store.ts';
import { MAX_LIFE, parseEnvelope, type Header } from '../../edge/protocol/envelope.ts';
import type { Event, TaskState } from '../../edge/protocol/event.ts';
import type { Identity } from '../../edge/protocol/identity.ts';
import { upSchema, type Up } from '../../edge/protocol/up.ts';
import { knowsEnvelope, noteRefused, noteTaken } from '../journal/inbox.ts';
import type { Journal } from '../journal/journal.ts';
import { notBefore } from '../journal/meta.ts';
import { addDraft } from '../journal/outbox.ts';
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

/** What a phone is told of a task that this desktop will never run, where the task was truly its own. */
const REFUSED_TASK: Partial<Record<Refusal, string>> = {
  'time.before-journal':
    'It was written before this desktop began to keep its journal, or the clock of the phone or of the desktop is wrong. Set both to automatic, then send it again.',
  'body.unknown':
    'It says something that this version of Errand cannot read. Update Errand on the desktop, then send it again.',
  'body.unreadable': 'It was sealed to a key that this desktop no longer has. Send it again.',
};

/** A phone must not wait for a task that was refused. There is no such task here: its one event stands alone. */
function tellRefused(journal: Journal, { k, id, kid }: Header, why: string): void {
  if (k !== 'task' || readTask(journal, id)) return;
  const state: TaskState = { is: 'ended', fate: 'refused', why };
  const event: Event = { kind: 'event', t: id, i: 1, prev: null, at: journal.now(), what: { kind: 'state', state } };
  addDraft(journal, { k: 'evt', json: JSON.stringify(event), to: [kid], t: id, life: MAX_LIFE, reseal: true }, 1);
}

function refuse(journal: Journal, { id, why, compact }: { id: string; why: Refusal; compact: string }): void {
  journal.write(() => {
    noteRefused(journal, { id, why });
    if (why === 'sender.unknown') remindParted(journal, parseEnvelope(compact).header.kid);
    const words = REFUSED_TASK[why];
    if (words !== undefined) tellRefused(journal, parseEnvelope(compact).header, words);
  });
}
