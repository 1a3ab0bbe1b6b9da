import { deviceSchema, type Device } from '../../edge/protocol/device.ts';
import { MAX_RECIPIENTS } from '../../edge/protocol/envelope.ts';
import { audit } from './audit.ts';
import type { Journal } from './journal.ts';

/** A phone on the trust list. Times in Unix milliseconds. */
export interface Peer {
  readonly device: Device;
  readonly mayPower: boolean;
  readonly mayHistory: boolean;
  readonly pairedAt: number;
  readonly lastHeard: number | null;
}

interface Row {
  device: string;
  may_power: number;
  may_history: number;
  paired_at: number;
  last_heard: number | null;
}

const peerOf = (row: Row): Peer => ({
  device: deviceSchema.parse(JSON.parse(row.device)),
  mayPower: row.may_power === 1,
  mayHistory: row.may_history === 1,
  pairedAt: row.paired_at,
  lastHeard: row.last_heard,
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

/** Pins a phone, or pins it anew with other permissions. Only the pairing, in front of the desktop, calls this. */
export function pinPeer(journal: Journal, peer: Pick<Peer, 'device' | 'mayPower' | 'mayHistory'>): void {
  const { device, mayPower, mayHistory } = peer;
  journal.write(() => {
    journal.db
      .query(
        `insert into peer (kid, device, may_power, may_history, paired_at) values ($kid, $device, $power, $history, $at)
         on conflict (kid) do update set device = excluded.device, may_power = excluded.may_power,
           may_history = excluded.may_history`,
      )
      .run({
        kid: device.kid,
        device: JSON.stringify(device),
        power: Number(mayPower),
        history: Number(mayHistory),
        at: journal.now(),
      });
    audit(journal, { did: 'paired', kid: device.kid, name: device.name, by: 'desk' });
    journal.touch({ in: 'peers' });
  });
}

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

export function heardFrom(journal: Journal, kid: string): void {
  journal.write(() => {
    journal.db.query('update peer set last_heard = $at where kid = $kid').run({ kid, at: journal.now() });
    journal.touch({ in: 'heard' });
  });
}

/** Unix milliseconds of the newest word from any phone. */
export const lastPhoneWord = (journal: Journal): number | null =>
  journal.db.query<{ at: number | null }, []>('select max(last_heard) as at from peer').get()?.at ?? null;
