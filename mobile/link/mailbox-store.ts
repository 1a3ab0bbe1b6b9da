import * as z from 'zod/mini';
import type { Device } from '../../edge/protocol/device.ts';
import type { Accepted, Draft, InboxStore, OutboxStore } from '../../edge/mailbox/store.ts';
import { orderedKey, type Db, type Tx } from './db.ts';
import type { Heard } from './heard.ts';
import { getMeta, META, nextNumber, readMeta } from './meta.ts';
import {
  outboxRecordSchema,
  peerSchema,
  taskRecordSchema,
  type OutboxRecord,
  type Peer,
  type Sent,
} from './records.ts';
import { keepHeard } from './keep.ts';

export const peerOf = async (tx: Tx, kid: string): Promise<Peer | undefined> => {
  const row = await tx.get('peers', kid);
  return row === undefined ? undefined : peerSchema.parse(row);
};

export const peersOf = async (tx: Tx): Promise<readonly Peer[]> =>
  (await tx.all('peers')).map((row) => peerSchema.parse(row));

/** The desktop that is being paired: it may greet before this phone has seen that it was allowed. Its offer was checked. */
async function greeting(tx: Tx, kid: string): Promise<Device | undefined> {
  const desktop = (await getMeta(tx, META.pairing))?.desktop;
  return desktop?.kid === kid ? desktop : undefined;
}

/** The row of an envelope that was taken. A refused one's id is the relay's word, and may be that of a true one. */
const takenSchema = z.object({ exp: z.int() });
const wasTaken = async (tx: Tx, id: string): Promise<boolean> =>
  takenSchema.safeParse(await tx.get('known', id)).success;

/** The receiving half of the mailbox over the phone's database. `heard` is told after each body was stored. */
export function inboxStore(db: Db, heard: (accepted: Accepted<Heard>) => void): InboxStore<Heard> {
  return {
    trusted: (kid) => db.read(async (tx) => (await peerOf(tx, kid))?.device ?? greeting(tx, kid)),
    notBefore: async () => (await readMeta(db, META.notBefore)) ?? 0,
    knows: (id) => db.read((tx) => wasTaken(tx, id)),
    take: async (accepted) => {
      await keepHeard(db, accepted);
      heard(accepted);
    },
    refuse: ({ id, why }) =>
      db.write(async (tx) => {
        if (!(await wasTaken(tx, id))) await tx.put('known', id, { id, why });
      }),
  };
}

/** Another tab works on the same outbox, because this one was robbed of its lock: what it did counts. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/**
 * The sending half. `settled` is told what became of the draft with this id. Bytes are kept once: two tabs that seal one draft at the
 * same time would make two messages of it.
 */
export function outboxStore(db: Db, settled: (id: string) => void): OutboxStore {
  /** What each item was when it was handed out. */
  const handed = new Map<number, string | undefined>();
  return {
    pending: async (max) =>
      (await db.read((tx) => tx.all('outbox'))).slice(0, max).map((row) => {
        const { seq, draft, sealed } = outboxRecordSchema.parse(row);
        const { t, ...rest } = draft;
        handed.set(seq, sealed?.compact);
        return { seq, draft: { ...rest, ...(t && { t }) }, ...(sealed && { sealed }) };
      }),
    peers: async (): Promise<readonly Device[]> => (await db.read(peersOf)).map((peer) => peer.device),
    nextCounter: () => db.write((tx) => nextNumber(tx, 'counter')),
    keepSealed: (seq, { compact, exp, id }) =>
      db.write(async (tx) => {
        const row = await outboxRow(tx, seq);
        if (!row || row.sealed?.compact !== handed.get(seq)) throw new Overtaken('sealed or settled by another tab');
        await tx.put('outbox', orderedKey(seq), { ...row, draft: { ...row.draft, id }, sealed: { compact, exp } });
      }),
    settle: async (seq, outcome) => {
      const id = await db.write(async (tx) => {
        const row = await outboxRow(tx, seq);
        if (!row) return undefined;
        const { draft, sealed } = row;
        await tx.delete('outbox', orderedKey(seq));
        const sent: Sent = outcome.at === 'relay' && sealed ? { at: 'relay', exp: sealed.exp } : outcome;
        if (draft.k === 'task') await markSent(tx, draft.id, sent);
        return draft.id;
      });
      if (id !== undefined) settled(id);
    },
  };
}

async function outboxRow(tx: Tx, seq: number): Promise<OutboxRecord | undefined> {
  const row = await tx.get('outbox', orderedKey(seq));
  return row === undefined ? undefined : outboxRecordSchema.parse(row);
}

export async function markSent(tx: Tx, task: string, sent: Sent): Promise<void> {
  const row = await tx.get('tasks', task);
  if (row !== undefined) await tx.put('tasks', task, { ...taskRecordSchema.parse(row), sent });
}

/** Puts a draft at the end of the outbox, inside the transaction that made it necessary. */
export async function addDraft(tx: Tx, draft: Draft): Promise<void> {
  const seq = await nextNumber(tx, 'seq');
  await tx.put('outbox', orderedKey(seq), { seq, draft });
}

/** Takes a draft out of the outbox; undefined when it is not there any more. Hold the outbox lock. */
export async function takeDraft(tx: Tx, id: string): Promise<OutboxRecord | undefined> {
  const rows = (await tx.all('outbox')).map((row) => outboxRecordSchema.parse(row));
  const mine = rows.find((row) => row.draft.id === id);
  if (mine) await tx.delete('outbox', orderedKey(mine.seq));
  return mine;
}

export const putDraftBack = (tx: Tx, row: OutboxRecord): Promise<void> => tx.put('outbox', orderedKey(row.seq), row);

/** Every drain has an epoch of its own: whoever holds the lock knows that earlier pulls are over, and takes over their leases. */
export const nextEpoch = (db: Db): Promise<number> => db.write((tx) => nextNumber(tx, 'epoch'));
