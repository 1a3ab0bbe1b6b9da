import * as z from 'zod/mini';
import { deviceSchema, type Device } from '../../edge/protocol/device.ts';
import { MAX_RECIPIENTS } from '../../edge/protocol/envelope.ts';
import { audit } from './audit.ts';
import type { Journal } from './journal.ts';

/** What is needed to ask the relay again whether it confirmed a pairing. `fresh`: the phone was not on the list before. */
const pendingSchema = z.object({ pid: z.string(), pollSecret: z.string(), claim: z.string(), fresh: z.boolean() });
export type PendingPairing = z.infer<typeof pendingSchema>;

/** A phone on the trust list. Times in Unix milliseconds. */
export interface Peer {
  readonly device: Device;
  readonly mayPower: boolean;
  readonly mayHistory: boolean;
  readonly pairedAt: number;
  readonly lastHeard: number | null;
  /** The trust it was last told, as sealed. */
  readonly told: string | null;
  readonly toldAt: number | null;
  /** The encryption key of this desktop it last sealed to. */
  readonly ek: string | null;
  /** Not null while the relay has not confirmed its pairing. */
  readonly pairing: PendingPairing | null;
}

interface Row {
  device: string;
  may_power: number;
  may_history: number;
  paired_at: number;
  last_heard: number | null;
  told: string | null;
  told_at: number | null;
  ek: string | null;
  pairing: string | null;
}

const peerOf = (row: Row): Peer => ({
  device: deviceSchema.parse(JSON.parse(row.device)),
  mayPower: row.may_power === 1,
  mayHistory: row.may_history === 1,
  pairedAt: row.paired_at,
  lastHeard: row.last_heard,
  told: row.told,
  toldAt: row.told_at,
  ek: row.ek,
  pairing: row.pairing === null ? null : pendingSchema.parse(JSON.parse(row.pairing)),
});

export function readPeer(journal: Journal, kid: string): Peer | undefined {
  const row = journal.db.query<Row, { kid: string }>('select * from peer where kid = $kid').get({ kid });
  return row ? peerOf(row) : undefined;
}

export const listPeers = (journal: Journal): Peer[] =>
  journal.db.query<Row, []>('select * from peer order by paired_at, kid').all().map(peerOf);

/** One envelope reaches at most eight phones, so no more are paired. */
export const hasRoomForPeer = (journal: Journal, kid: string): boolean =>
  readPeer(journal, kid) !== undefined || listPeers(journal).length < MAX_RECIPIENTS;

type Pinned = Pick<Peer, 'device' | 'mayPower' | 'mayHistory'> & { readonly pairing?: PendingPairing };

/** Pins a phone, or pins it anew with other permissions. Only the pairing, in front of the desktop, calls this. */
export function pinPeer(journal: Journal, peer: Pinned): void {
  const { device, mayPower, mayHistory, pairing } = peer;
  journal.write(() => {
    journal.db
      .query(
        `insert into peer (kid, device, may_power, may_history, paired_at, pairing)
         values ($kid, $device, $power, $history, $at, $pairing)
         on conflict (kid) do update set device = excluded.device, may_power = excluded.may_power,
           may_history = excluded.may_history, pairing = excluded.pairing, told = null`,
      )
      .run({
        kid: device.kid,
        device: JSON.stringify(device),
        power: Number(mayPower),
        history: Number(mayHistory),
        at: journal.now(),
        pairing: pairing ? JSON.stringify(pairing) : null,
      });
    journal.db.query('delete from parted where kid = $kid').run({ kid: device.kid });
    journal.db.query("delete from out where recipients = $kid and c = 'farewell'").run({ kid: device.kid });
    audit(journal, { did: 'paired', kid: device.kid, name: device.name, by: 'desk' });
    journal.touch({ in: 'peers' });
  });
}

/** The relay has confirmed the pairing of this phone. */
export const endPairing = (journal: Journal, kid: string): void =>
  journal.write(() => void journal.db.query('update peer set pairing = null where kid = $kid').run({ kid }));

/** The phones that were taken off the list and are told so: only a farewell is sealed to them. */
export const listParted = (journal: Journal): Device[] =>
  journal.db
    .query<{ device: string }, []>('select device from parted')
    .all()
    .map(({ device }) => deviceSchema.parse(JSON.parse(device)));

/** Takes a phone off the list; undefined when it is not on it. */
export function removePeer(journal: Journal, kid: string, by: string): Peer | undefined {
  return journal.write(() => {
    const peer = readPeer(journal, kid);
    if (!peer) return undefined;
    journal.db.query('delete from peer where kid = $kid').run({ kid });
    audit(journal, { did: 'dropped', kid, name: peer.device.name, by });
    journal.touch({ in: 'peers' });
    return peer;
  });
}

/** `ek`: the key of this desktop it had sealed to. */
export function heardFrom(journal: Journal, kid: string, ek: string | null = null): void {
  journal.write(() => {
    journal.db
      .query('update peer set last_heard = $at, ek = coalesce($ek, ek) where kid = $kid')
      .run({ kid, ek, at: journal.now() });
    journal.touch({ in: 'heard' });
  });
}

export const noteTold = (journal: Journal, kid: string, told: string): void =>
  journal.write(
    () =>
      void journal.db
        .query('update peer set told = $told, told_at = $at where kid = $kid')
        .run({ kid, told, at: journal.now() }),
  );

/** Unix milliseconds of the newest word from any phone. */
export const lastPhoneWord = (journal: Journal): number | null =>
  journal.db.query<{ at: number | null }, []>('select max(last_heard) as at from peer').get()?.at ?? null;
