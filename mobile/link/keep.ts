import type { Accepted } from '../../edge/mailbox/store.ts';
import { seenSchema, type Seen } from '../../edge/protocol/down.ts';
import { eventHash } from '../../edge/protocol/event.ts';
import { orderedKey, type Db, type Tx } from './db.ts';
import type { Heard, HeardEvent } from './heard.ts';
import { getMeta, META } from './meta.ts';
import { peerSchema, taskRecordSchema, type EventRecord, type TaskRecord } from './records.ts';

/** Stores an accepted envelope and all that follows from its body in one transaction. */
export async function keepHeard(db: Db, { envelope, from, body, json }: Accepted<Heard>): Promise<void> {
  // Hashed before the transaction: awaiting WebCrypto inside would commit it.
  const hash = body.kind === 'event' ? await eventHash(json) : '';
  await db.write(async (tx) => {
    await tx.put('known', envelope.header.id, { exp: envelope.header.exp });
    switch (body.kind) {
      case 'event':
        return keepEvent(tx, { event: body, from: from.kid, record: { json, hash } });
      case 'seen':
        return keepSeen(tx, from.kid, body);
      case 'trust':
        return keepTrust(tx, from.kid, body.mayPower);
      case 'headline':
      case 'live':
      case 'newer':
        return undefined;
    }
  });
}

async function keepEvent(
  tx: Tx,
  { event, from, record }: { event: HeardEvent; from: string; record: EventRecord },
): Promise<void> {
  const row = await tx.get('tasks', event.t);
  const task = row === undefined ? undefined : taskRecordSchema.parse(row);
  // A task speaks through one desktop only: another one's word about it is not kept.
  if (task && task.desktop !== from) return;
  const key = `${event.t}/${orderedKey(event.i)}`;
  if ((await tx.get('events', key)) === undefined) await tx.put('events', key, record);
  // Another phone's task is named by its first event, which the relay may deliver late.
  if (!task || (task.from === '' && event.what.kind === 'echo')) {
    await tx.put('tasks', event.t, { ...task, ...heardTask(event, from) });
  }
}

/** A task that somebody else sent, or that was sent before this phone was paired. */
function heardTask(event: HeardEvent, desktop: string): TaskRecord {
  const echo = event.what.kind === 'echo' ? event.what : undefined;
  return {
    id: event.t,
    desktop,
    thread: echo?.thread ?? event.t,
    text: echo?.text ?? '',
    grants: echo?.grants ?? [],
    files: [],
    from: echo?.from.name ?? '',
    at: event.at,
    sent: { at: 'relay' },
    answers: {},
  };
}

async function keepSeen(tx: Tx, from: string, seen: Seen): Promise<void> {
  const before = await tx.get('seen', from);
  if (before !== undefined && seenSchema.parse(before).at > seen.at) return;
  await tx.put('seen', from, seen);
}

async function keepTrust(tx: Tx, from: string, mayPower: boolean): Promise<void> {
  const peer = await tx.get('peers', from);
  const device = peer === undefined ? (await getMeta(tx, META.pairing))?.desktop : peerSchema.parse(peer).device;
  if (device?.kid === from) await tx.put('peers', from, { device, trusted: true, mayPower });
}
