import type { Accepted } from '../../edge/mailbox/store.ts';
import { seenSchema, type Seen } from '../../edge/protocol/down.ts';
import { eventHash } from '../../edge/protocol/event.ts';
import { orderedKey, type Db, type Tx } from './db.ts';
import { pastEvents, type Heard, type HeardEvent } from './heard.ts';
import { genuineKey, isDropped, keepDropped, keepTrust } from './keep-trust.ts';
import { taskRecordSchema, type EventRecord, type TaskRecord } from './records.ts';

/** Stores an accepted envelope and all that follows from its body in one transaction. */
export async function keepHeard(db: Db, { envelope, from, body, json }: Accepted<Heard>): Promise<void> {
  // Before the transaction: awaiting WebCrypto inside would commit it.
  const told = await eventsIn(body, json);
  const key = body.kind === 'trust' ? await genuineKey(body) : undefined;
  await db.write(async (tx) => {
    const { id, exp } = envelope.header;
    await tx.put('known', id, { id, exp });
    switch (body.kind) {
      case 'event':
      case 'past':
        for (const each of told) await keepEvent(tx, { ...each, from: from.kid });
        return undefined;
      case 'seen':
        return keepSeen(tx, from.kid, body);
      case 'trust':
        return keepTrust(tx, { from: from.kid, trust: body, key });
      case 'dropped':
        return keepDropped(tx, from.kid, body.at);
      case 'headline':
      case 'live':
      case 'newer':
        return undefined;
    }
  });
}

interface Told {
  readonly event: HeardEvent;
  readonly record: EventRecord;
}

/** The events a body tells, with the hash of each as it was sealed first. */
async function eventsIn(body: Heard, json: string): Promise<readonly Told[]> {
  const told = body.kind === 'past' ? pastEvents(body) : body.kind === 'event' ? [{ event: body, json }] : [];
  return Promise.all(
    told.map(async (each) => ({ event: each.event, record: { json: each.json, hash: await eventHash(each.json) } })),
  );
}

function mayTell({ event, from, task }: { event: HeardEvent; from: string; task: TaskRecord | undefined }): boolean {
  // A task speaks through one desktop only: another one's word about it is not kept.
  if (task) return task.desktop === from;
  // Said only to the phone that asked: that what it sent was never begun. To another installation of it this is no task.
  return event.i !== 1 || event.what.kind !== 'state';
}

async function keepEvent(
  tx: Tx,
  { event, from, record }: { event: HeardEvent; from: string; record: EventRecord },
): Promise<void> {
  const row = await tx.get('tasks', event.t);
  const task = row === undefined ? undefined : taskRecordSchema.parse(row);
  if (!mayTell({ event, from, task })) return;
  const key = `${event.t}/${orderedKey(event.i)}`;
  if ((await tx.get('events', key)) === undefined) await tx.put('events', key, record);
  // Another phone's task is named by its first event, which the relay may deliver late.
  if (!task || (task.from === '' && event.what.kind === 'echo')) {
    await tx.put('tasks', event.t, { ...task, ...heardTask(event, from) });
  } else if ((task.lost || task.unheard) && !(await isDropped(tx, from))) {
    // The desktop speaks of it again: this phone was allowed anew.
    await tx.put('tasks', event.t, { ...task, lost: false, unheard: false });
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

/** A task speaks through one desktop only; of one that is not known yet, any desktop may be the one. */
export async function speaksFor(db: Db, desktop: string, t: string): Promise<boolean> {
  const row = await db.read((tx) => tx.get('tasks', t));
  return row === undefined || taskRecordSchema.parse(row).desktop === desktop;
}

async function keepSeen(tx: Tx, from: string, seen: Seen): Promise<void> {
  const before = await tx.get('seen', from);
  if (before !== undefined && seenSchema.parse(before).at > seen.at) return;
  await tx.put('seen', from, seen);
}
