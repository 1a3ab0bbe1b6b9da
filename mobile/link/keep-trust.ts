import { deviceNameSchema, importEncryptionKey, thumbprint, type Device } from '../../edge/protocol/device.ts';
import type { DeskKey, Trust } from '../../edge/protocol/down.ts';
import type { Tx } from './db.ts';
import { getMeta, META } from './meta.ts';
import { peerSchema, taskRecordSchema } from './records.ts';

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
  const row = await tx.get('peers', from);
  const peer = row === undefined ? undefined : peerSchema.parse(row);
  const device = peer?.device ?? (await getMeta(tx, META.pairing))?.desktop;
  if (device?.kid !== from) return;
  const turn = Math.max(peer?.turn ?? 0, key?.turn ?? 0);
  // One that comes late must not bring an older key back: the desktop would not open it for long.
  const keyed = key && key.turn >= (peer?.turn ?? 0) ? { ...device, ek: key.ek, enc: key.enc } : device;
  await tx.put('peers', from, {
    device: renamed(keyed, trust.name),
    trusted: true,
    mayPower: trust.mayPower,
    ...(turn > 0 && { turn }),
  });
}

function renamed(device: Device, to: string): Device {
  const name = deviceNameSchema.safeParse(to);
  return name.success ? { ...device, name: name.data } : device;
}

/** The desktop hears nothing more from this phone, and nothing more is heard of what was asked of it. */
export async function keepDropped(tx: Tx, from: string, at: number): Promise<void> {
  const row = await tx.get('peers', from);
  if (row === undefined) return;
  await tx.put('peers', from, { ...peerSchema.parse(row), trusted: false, dropped: at });
  await markLost(tx, from);
}

export async function isDropped(tx: Tx, desktop: string): Promise<boolean> {
  const row = await tx.get('peers', desktop);
  return row !== undefined && peerSchema.parse(row).dropped !== undefined;
}

export async function markLost(tx: Tx, desktop: string): Promise<void> {
  for (const row of await tx.all('tasks')) {
    const task = taskRecordSchema.parse(row);
    if (task.desktop === desktop) await tx.put('tasks', task.id, { ...task, lost: true });
  }
}
