import { deviceNameSchema, importEncryptionKey, thumbprint } from '../../edge/protocol/device.ts';
import type { DeskKey, Trust } from '../../edge/protocol/down.ts';
import type { Tx } from './db.ts';
import { getMeta, META } from './meta.ts';
import { peerSchema, taskRecordSchema, type Peer, type TaskRecord } from './records.ts';

/** The key a desktop announces, when it is one that can be sealed to. Its id is only a claim until then. */
export async function genuineKey({ key }: Trust): Promise<DeskKey | undefined> {
  if (!key || (await thumbprint(key.enc)) !== key.ek) return undefined;
  try {
    await importEncryptionKey(key.enc);
    return key;
  } catch {
    return undefined;
  }
}

interface Greeting {
  readonly from: string;
  readonly trust: Trust;
  readonly key: DeskKey | undefined;
}

/** The desktop has pinned this phone; from here on it has this name and this key. */
export async function keepTrust(tx: Tx, { from, trust, key }: Greeting): Promise<void> {
  const peer = await greeter(tx, from);
  if (!peer) return;
  const keyed = rekeyed(peer, key);
  const name = deviceNameSchema.safeParse(trust.name).data ?? keyed.device.name;
  const { mayPower } = trust;
  await tx.put('peers', from, {
    ...keyed,
    device: { ...keyed.device, name },
    trusted: true,
    greeted: true,
    mayPower,
    dropped: undefined,
  });
  await listenAgain(tx, from);
}

/** A desktop that is known, or the one that is being paired. */
async function greeter(tx: Tx, kid: string): Promise<Peer | undefined> {
  const row = await tx.get('peers', kid);
  if (row !== undefined) return peerSchema.parse(row);
  const device = (await getMeta(tx, META.pairing))?.desktop;
  return device?.kid === kid ? { device, trusted: false, mayPower: false } : undefined;
}

/** An announcement that comes late must not bring an older key back: the desktop would not open it for long. */
function rekeyed(peer: Peer, key: DeskKey | undefined): Peer {
  if (!key || key.turn < (peer.turn ?? 0)) return peer;
  const { ek, enc, turn } = key;
  return { ...peer, turn, device: { ...peer.device, ek, enc } };
}

/** The desktop hears nothing more from this phone, and nothing more is heard of what was asked of it. */
export async function keepDropped(tx: Tx, from: string, at: number): Promise<void> {
  const row = await tx.get('peers', from);
  if (row === undefined) return;
  await tx.put('peers', from, { ...peerSchema.parse(row), trusted: false, dropped: at });
  await markLost(tx, from);
}

/** This phone was revoked: whatever left it may have been done or not. */
export async function markUnheard(tx: Tx): Promise<void> {
  for (const task of await tasksIn(tx)) {
    if (task.sent.at === 'relay' && task.unheard !== true) await tx.put('tasks', task.id, { ...task, unheard: true });
  }
}

/** Of what this desktop took it speaks from now on; the relay threw away what it had not fetched. */
async function listenAgain(tx: Tx, desktop: string): Promise<void> {
  for (const task of await tasksIn(tx)) {
    if (task.desktop !== desktop || task.unheard !== true) continue;
    const taken = (await tx.all('events', `${task.id}/`)).length > 0;
    if (taken) await tx.put('tasks', task.id, { ...task, unheard: false });
  }
}

const tasksIn = async (tx: Tx): Promise<readonly TaskRecord[]> =>
  (await tx.all('tasks')).map((row) => taskRecordSchema.parse(row));

export async function isDropped(tx: Tx, desktop: string): Promise<boolean> {
  const row = await tx.get('peers', desktop);
  return row !== undefined && peerSchema.parse(row).dropped !== undefined;
}

export async function markLost(tx: Tx, desktop: string): Promise<void> {
  for (const task of await tasksIn(tx)) {
    if (task.desktop === desktop) await tx.put('tasks', task.id, { ...task, lost: true });
  }
}
