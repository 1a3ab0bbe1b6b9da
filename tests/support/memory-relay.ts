import { RelayError, type RelayClient } from '../../edge/mailbox/relay-client.ts';
import type { Device } from '../../edge/protocol/device.ts';
import { parseEnvelope } from '../../edge/protocol/envelope.ts';
import { newId } from '../../edge/protocol/id.ts';
import type { PairingStatus } from '../../edge/protocol/http.ts';
import { offerBodySchema, type Offer } from '../../edge/protocol/offer.ts';
import { fromB64u, toText } from '../../edge/protocol/bytes.ts';
import { peekProof } from '../../edge/protocol/proof.ts';

interface Stored {
  readonly id: string;
  readonly envelope: string;
  leaseNo: number;
}

interface Pairing {
  offer: Offer;
  readonly pollSecret: string;
  status: PairingStatus['state'];
  claim?: string;
}

/** A relay in memory: the mailbox and the pairing table, believing everybody. The ends must not need it to be honest. */
export interface MemoryRelay {
  client(kid: string): RelayClient;
  /** Every envelope that was accepted, in order. */
  readonly posted: string[];
  readonly confirmed: string[];
  /** The proofs of new encryption keys. */
  readonly rotated: string[];
  readonly devices: Map<string, Device>;
  /** The network goes away, and comes back. */
  setUp(up: boolean): void;
  /** Puts bytes into an inbox as only the relay itself could. */
  inject(kid: string, envelope: string): void;
  /** How many envelopes wait for a device. */
  waiting(kid: string): number;
}

export function memoryRelay(now: () => number = () => Math.floor(Date.now() / 1000)): MemoryRelay {
  const inboxes = new Map<string, Stored[]>();
  const pairings = new Map<string, Pairing>();
  const blobs = new Map<string, Uint8Array<ArrayBuffer>>();
  const devices = new Map<string, Device>();
  const posted: string[] = [];
  const confirmed: string[] = [];
  const rotated: string[] = [];
  const seen = new Map<string, string>();
  let up = true;

  const inboxOf = (kid: string): Stored[] => inboxes.get(kid) ?? inboxes.set(kid, []).get(kid) ?? [];
  function inject(kid: string, envelope: string): void {
    const { id, c } = parseEnvelope(envelope).header;
    const kept = inboxOf(kid).filter((other) => c === undefined || parseEnvelope(other.envelope).header.c !== c);
    inboxes.set(kid, [...kept, { id, envelope, leaseNo: 0 }]);
  }
  function post(envelope: string): { id: string; now: number } {
    const { id, to } = parseEnvelope(envelope).header;
    const before = seen.get(id);
    if (before !== undefined && before !== envelope) throw new RelayError('envelope.conflict', 'other bytes');
    if (before === undefined) {
      seen.set(id, envelope);
      posted.push(envelope);
      for (const { kid } of to) inject(kid, envelope);
    }
    return { id, now: now() };
  }
  const pairing = (pid: string): Pairing => {
    const found = pairings.get(pid);
    if (!found) throw new RelayError('pairing.unknown', 'no such offer');
    return found;
  };
  const statusOf = ({ offer, status, claim }: Pairing): PairingStatus => {
    if (status === 'refused') return { state: 'refused' };
    if (status === 'claimed') return { state: 'claimed', offer, claim: claim ?? '' };
    return { state: status, offer };
  };

  const client = (kid: string): RelayClient => {
    const online = async <T>(work: () => T): Promise<T> => {
      if (!up) throw new RelayError('network.unreachable', 'no network');
      return work();
    };
    return {
      config: () => Promise.reject(new Error('not in memory')),
      postEnvelope: (envelope) => online(() => post(envelope)),
      withdraw: (id) =>
        online(() => {
          for (const [key, list] of inboxes) {
            inboxes.set(
              key,
              list.filter((each) => each.id !== id),
            );
          }
        }),
      pull: ({ max }) =>
        online(() => {
          const envelopes = inboxOf(kid).slice(0, max);
          for (const each of envelopes) each.leaseNo += 1;
          return {
            envelopes: envelopes.map(({ id, envelope, leaseNo }) => ({ id, envelope, leaseNo })),
            due: [],
            more: inboxOf(kid).length > max,
            now: now(),
          };
        }),
      ack: (acks) =>
        online(() => {
          const gone = new Set(acks.map(({ id }) => id));
          inboxes.set(
            kid,
            inboxOf(kid).filter(({ id }) => !gone.has(id)),
          );
        }),
      postPairing: (offer, pollSecret) =>
        online(() => {
          const { pid } = offerBodySchema.parse(JSON.parse(toText(fromB64u(offer.body))));
          const secret = pollSecret ?? newId();
          pairings.set(pid, { offer, pollSecret: secret, status: 'open' });
          return { pollSecret: secret };
        }),
      pairing: (pid) => online(() => statusOf(pairing(pid))),
      claimPairing: (pid, claim, device) =>
        online(() => {
          devices.set(device.kid, device);
          Object.assign(pairing(pid), { status: 'claimed', claim });
        }),
      confirmPairing: (pid, proof) =>
        online(() => {
          const claims = peekProof(proof);
          const ok = claims?.use === 'confirm' && claims.ok;
          pairing(pid).status = ok ? 'confirmed' : 'refused';
          confirmed.push(proof);
        }),
      sessionNonce: () => Promise.reject(new Error('not in memory')),
      sessionToken: () => Promise.reject(new Error('not in memory')),
      registerDevice: () => Promise.reject(new Error('not in memory')),
      bindDevice: () => Promise.reject(new Error('not in memory')),
      rotateKey: (proof) => online(() => void rotated.push(proof)),
      devices: () => Promise.reject(new Error('not in memory')),
      revokeDevice: () => Promise.reject(new Error('not in memory')),
      stop: () => Promise.reject(new Error('not in memory')),
      recovery: () => Promise.reject(new Error('not in memory')),
      makeRecoveryCodes: () => Promise.reject(new Error('not in memory')),
      recover: () => Promise.reject(new Error('not in memory')),
      putPush: () => Promise.reject(new Error('not in memory')),
      deletePush: () => Promise.reject(new Error('not in memory')),
      putBlob: (bytes) =>
        online(() => {
          const id = newId();
          blobs.set(id, bytes);
          return id;
        }),
      getBlob: (id) =>
        online(() => {
          const bytes = blobs.get(id);
          if (!bytes) throw new RelayError('blob.unknown', 'no such part');
          return bytes;
        }),
    };
  };
  return {
    client,
    posted,
    confirmed,
    rotated,
    devices,
    setUp: (value) => {
      up = value;
    },
    inject,
    waiting: (kid) => inboxOf(kid).length,
  };
}
