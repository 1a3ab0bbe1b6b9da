import { createPump } from '../../edge/mailbox/pump.ts';
import { RelayError, type RelayClient } from '../../edge/mailbox/relay-client.ts';
import { MAX_LIFE } from '../../edge/protocol/envelope.ts';
import { makeProof } from '../../edge/protocol/proof.ts';
import { audit } from '../journal/audit.ts';
import type { Journal } from '../journal/journal.ts';
import { dropMeta, readMeta, writeMeta } from '../journal/meta.ts';
import { listPeers } from '../journal/peer.ts';
import type { SetTimer } from './carrier.ts';
import { greet } from './greet.ts';
import type { DeskKeys } from './keys.ts';

/*
 * After a phone was dropped, this desktop follows its encryption key with another.
 *
 * What that is for. Not to keep the dropped phone from reading: it never had the private half, and nothing is sealed to its own key
 * any more. Not to keep it from commanding: it left the trust list, and its signature opens nothing. But a phone is dropped because
 * it was lost or stolen, and whoever has it may have kept the traffic: once the old private key is destroyed, a desktop that is stolen
 * later cannot be made to open it. And a trust list that comes back from a backup brings the dropped phone back, but not the key it
 * knows: what it seals can be read by nobody then.
 *
 * drop        journal: 'rotate' is set, in the transaction of the drop
 * new key     keyring: the new key and the old one, in one write; not told to anybody yet
 * announced   journal: every phone's `trust` is drafted, 'ek' is the new key, 'rotate' is gone; one transaction
 * registered  relay: knows it too
 * settled     journal: every phone has sealed to the new key; eight days later nothing that was sealed to the old one can arrive
 * forgotten   keyring: the old key is gone
 *
 * Killed between any two of these, the next start goes on from where the journal and the keyring are.
 */

export type RotationPoint = 'rotate.before-key' | 'rotate.after-key' | 'rotate.announced' | 'rotate.registered';

const RETRY_MS = 30_000;

interface Options {
  readonly journal: Journal;
  readonly keys: DeskKeys;
  readonly relay: Pick<RelayClient, 'rotateKey'>;
  /** Unix seconds, by the relay's clock when this one is wrong. */
  readonly now: () => number;
  readonly setTimer: SetTimer;
  readonly log: (text: string) => void;
  readonly failpoint: (name: RotationPoint) => void;
}

export interface Rotation {
  /** A phone was dropped, or spoke, or the relay can be reached: does what is due. */
  kick(): void;
  stop(): Promise<void>;
}

export function createRotation(options: Options): Rotation {
  return createPump({
    setTimer: options.setTimer,
    work: async () => {
      try {
        await turnKeys(options);
        await registerKey(options);
        await forgetKeys(options);
        return undefined;
      } catch (error) {
        if (!(error instanceof RelayError)) options.log(`keys: ${String(error)}`);
        return RETRY_MS;
      }
    },
  });
}

async function turnKeys({ journal, keys, failpoint }: Options): Promise<void> {
  const told = readMeta(journal, 'ek');
  if (told === undefined) writeMeta(journal, 'ek', keys.identity.device.ek);
  if (readMeta(journal, 'registered') === undefined) writeMeta(journal, 'registered', keys.identity.device.ek);
  if (readMeta(journal, 'rotate') !== undefined) {
    failpoint('rotate.before-key');
    // Otherwise the key was made before the process ended.
    if ((told ?? keys.identity.device.ek) === keys.identity.device.ek) await keys.rotate();
    failpoint('rotate.after-key');
    journal.write(() => {
      dropMeta(journal, 'rotate');
      dropMeta(journal, 'settled');
      writeMeta(journal, 'ek', keys.identity.device.ek);
      audit(journal, { did: 'rotated', ek: keys.identity.device.ek, turn: keys.turn() });
      greet(journal, keys);
    });
    failpoint('rotate.announced');
  }
  greet(journal, keys);
}

/** The relay's copy is never believed by anybody; it only has to be true. */
async function registerKey({ journal, keys, relay, now, failpoint, log }: Options): Promise<void> {
  const { kid, ek, enc } = keys.identity.device;
  const was = readMeta(journal, 'registered');
  if (was === undefined || was === ek) return;
  try {
    await relay.rotateKey(await makeProof(keys.identity, { use: 'rotate', kid, was, ek, enc, iat: now() }));
  } catch (error) {
    if (!(error instanceof RelayError) || error.code !== 'device.proof') throw error;
    log(`keys: the relay knows another key than this desktop had (${error.message})`);
  }
  failpoint('rotate.registered');
  writeMeta(journal, 'registered', ek);
}

/** A retired key goes when nothing that was sealed to it can arrive any more. */
async function forgetKeys({ journal, keys }: Options): Promise<void> {
  const { device, retired = [] } = keys.identity;
  if (retired.length === 0) return;
  const at = settledAt(journal, device.ek);
  if (at === undefined || journal.now() - at <= MAX_LIFE * 1000) return;
  await keys.forget();
  audit(journal, { did: 'forgot-keys', count: retired.length });
}

/** Since when every phone has used this key, in Unix milliseconds; undefined while one has not. */
function settledAt(journal: Journal, ek: string): number | undefined {
  const [settled, at] = (readMeta(journal, 'settled') ?? '').split(' ');
  if (settled === ek) return Number(at);
  const used = listPeers(journal).every((peer) => peer.ek === ek);
  if (used) writeMeta(journal, 'settled', `${ek} ${journal.now()}`);
  return undefined;
}
