import * as z from 'zod/mini';
import { deviceKindSchema, deviceSchema, publicKeySchema, type Device, type PublicKey } from '../protocol/device.ts';
import { devicesSchema, pulledSchema, recoverySchema, type PushSubscription } from '../protocol/http.ts';
import { thumbprintSchema } from '../protocol/id.ts';
import { offerSchema, type Offer } from '../protocol/offer.ts';
import { Refusal, isWireErrorCode } from './errors.ts';
import type { Bucket } from './limits.ts';
import type { Rpc } from './rpc.ts';

/** A live device, whose session was checked or whose proof is about to be. */
const knownDeviceSchema = z.object({
  kid: thumbprintSchema,
  kind: deviceKindSchema,
  owner: z.uuid(),
  sig: publicKeySchema,
});
export type KnownDevice = z.infer<typeof knownDeviceSchema>;

const registeredSchema = z.extend(knownDeviceSchema, {
  machineUser: z.nullable(z.uuid()),
  machineEmail: z.nullable(z.string()),
});

const waitingClaimSchema = z.object({ owner: z.uuid(), claim: z.string(), phone: deviceSchema });
const offeredSchema = z.object({ offer: offerSchema, desktop: deviceSchema });
const pairingSchema = z.discriminatedUnion('state', [
  z.extend(offeredSchema, { state: z.literal('open') }),
  z.extend(z.extend(offeredSchema, waitingClaimSchema.shape), { state: z.literal('claimed') }),
  z.extend(z.extend(offeredSchema, waitingClaimSchema.shape), { state: z.literal('confirmed') }),
  z.extend(offeredSchema, { state: z.literal('refused') }),
]);
export type Pairing = z.infer<typeof pairingSchema>;

const takenPushSchema = z.object({
  id: z.int(),
  envelope: z.nullable(z.string()),
  attempts: z.int(),
  waiting: z.int(),
  subscription: z.object({ endpoint: z.string(), keys: z.object({ p256dh: z.string(), auth: z.string() }) }),
});
export type TakenPush = z.infer<typeof takenPushSchema>;
/** `next`: seconds until another push is due, when one waits. */
const takenPushesSchema = z.object({ pushes: z.array(takenPushSchema), next: z.nullable(z.int()) });

export interface PushEnd {
  readonly id: number;
  readonly state: 'waiting' | 'sent' | 'gone' | 'failed';
  readonly httpStatus: number | null;
  /** Seconds until it is tried again. */
  readonly after: number;
}

export interface Submission {
  readonly claim: DeviceClaim;
  readonly device: KnownDevice;
  readonly id: string;
  readonly kind: string;
  readonly to: readonly string[];
  readonly exp: number;
  readonly collapse: string | null;
  readonly urgent: boolean;
  /** What a push carries, when it fits. */
  readonly push: string | null;
  readonly envelope: string;
  readonly buckets: readonly Bucket[];
  readonly queue: number;
}

/** Which device a session says it is, by its account's `kid` or by its own id. The database knows whether that is one. */
export type DeviceClaim =
  | { readonly user: string; readonly kid: string }
  | { readonly user: string; readonly session: string };

const claimArgs = (claim: DeviceClaim): object => ({
  p_user: claim.user,
  p_kid: 'kid' in claim ? claim.kid : null,
  p_session: 'session' in claim ? claim.session : null,
});

/** A machine user to enter for a desktop; undefined when it has one. */
export type Machine = { readonly id: string; readonly email: string } | undefined;

const nothing = z.nullish(z.unknown());
const inboxSchema = z.omit(pulledSchema, { due: true, now: true });

/**
 * The relay's memory. The only file that knows names of the database; all calls are functions that service_role alone may
 * execute. Every call rejects with a {@link Refusal}: the database's own word, `relay.unavailable`, or `relay.internal`.
 */
export type Store = ReturnType<typeof createStore>;

// oxlint-disable-next-line max-lines-per-function -- a list: one entry a function of the database
export function createStore(rpc: Rpc) {
  const ask = asking(rpc);
  return {
    caller: (claim: DeviceClaim): Promise<KnownDevice> => ask('relay_caller', knownDeviceSchema, claimArgs(claim)),
    device: (kid: string) => ask('relay_device', z.nullable(registeredSchema), { p_kid: kid }),
    devices: (owner: string, here: number) =>
      ask('relay_devices', devicesSchema.shape.devices, { p_owner: owner, p_here: here }),
    register: (owner: string, device: Device, machine: Machine) =>
      ask('relay_register', nothing, { p_owner: owner, p_device: device, ...machineArgs(machine) }),
    bind: (p: { owner: string; kid: string; session: string }) =>
      ask('relay_bind', nothing, { p_owner: p.owner, p_kid: p.kid, p_session: p.session }),
    rotate: (p: { kid: string; was: string; ek: string; enc: PublicKey }) =>
      ask('relay_rotate', nothing, { p_kid: p.kid, p_was: p.was, p_ek: p.ek, p_enc: p.enc }),
    revoke: (owner: string, kid: string): Promise<string | null> =>
      ask('relay_revoke', z.nullable(z.uuid()), { p_owner: owner, p_kid: kid }),
    stop: (p: { owner: string; kid: string; code: string | null; buckets: readonly Bucket[] }) =>
      ask('relay_stop', nothing, { p_owner: p.owner, p_kid: p.kid, p_code: p.code, p_buckets: p.buckets }),
    giveNonce: (kid: string, nonce: string, buckets: readonly Bucket[]) =>
      ask('relay_give_nonce', nothing, { p_kid: kid, p_nonce: nonce, p_buckets: buckets }),
    spendNonce: (kid: string, nonce: string): Promise<boolean> =>
      ask('relay_spend_nonce', z.boolean(), { p_kid: kid, p_nonce: nonce }),
    submit: (p: Submission): Promise<boolean> =>
      ask('relay_submit', z.boolean(), {
        ...claimArgs(p.claim),
        p_sender: p.device.kid,
        p_id: p.id,
        p_kind: p.kind,
        p_to: p.to,
        p_exp: p.exp,
        p_collapse: p.collapse,
        p_urgent: p.urgent,
        p_push: p.push,
        p_envelope: p.envelope,
        p_buckets: p.buckets,
        p_queue: p.queue,
      }),
    withdraw: (sender: string, id: string) => ask('relay_withdraw', nothing, { p_sender: sender, p_id: id }),
    pull: (claim: DeviceClaim, { max, epoch }: { max: number; epoch: number }) =>
      ask('relay_pull', inboxSchema, { ...claimArgs(claim), p_max: max, p_epoch: epoch }),
    ack: (claim: DeviceClaim, acks: readonly { id: string; leaseNo: number }[]): Promise<number> =>
      ask('relay_ack', z.int(), { ...claimArgs(claim), p_acks: acks }),
    offer: (p: {
      pid: string;
      offer: Offer;
      desktop: Device;
      pollHash: string;
      exp: number;
      buckets: readonly Bucket[];
    }) =>
      ask('relay_offer', nothing, {
        p_pid: p.pid,
        p_offer: p.offer,
        p_desktop: p.desktop,
        p_poll_hash: p.pollHash,
        p_exp: p.exp,
        p_buckets: p.buckets,
      }),
    pairing: (pid: string, by: { pollHash: string } | { owner: string }): Promise<Pairing> =>
      ask('relay_pairing', pairingSchema, {
        p_pid: pid,
        p_poll_hash: 'pollHash' in by ? by.pollHash : null,
        p_owner: 'owner' in by ? by.owner : null,
      }),
    claim: (p: { pid: string; owner: string; claim: string; phone: Device; buckets: readonly Bucket[] }) =>
      ask('relay_claim', nothing, {
        p_pid: p.pid,
        p_owner: p.owner,
        p_claim: p.claim,
        p_phone: p.phone,
        p_buckets: p.buckets,
      }),
    refuse: (pid: string, claim: string) => ask('relay_refuse', nothing, { p_pid: pid, p_claim: claim }),
    confirm: (pid: string, claim: string, machine: Machine) =>
      ask('relay_confirm', nothing, { p_pid: pid, p_claim: claim, ...machineArgs(machine) }),
    recovery: (owner: string) => ask('relay_recovery', recoverySchema, { p_owner: owner }),
    makeRecovery: (p: {
      owner: string;
      hashes: readonly string[];
      /** Null: the owner's own, which do not expire. */
      seconds: number | null;
      buckets: readonly Bucket[];
    }) =>
      ask('relay_make_recovery', nothing, {
        p_owner: p.owner,
        p_hashes: p.hashes,
        p_seconds: p.seconds,
        p_buckets: p.buckets,
      }),
    spendRecovery: (p: { owner: string; hash: string; buckets: readonly Bucket[] }): Promise<boolean> =>
      ask('relay_spend_recovery', z.boolean(), { p_owner: p.owner, p_hash: p.hash, p_buckets: p.buckets }),
    returnRecovery: (owner: string, hash: string) =>
      ask('relay_return_recovery', nothing, { p_owner: owner, p_hash: hash }),
    putPush: (kid: string, { endpoint, keys }: PushSubscription) =>
      ask('relay_put_push', nothing, { p_kid: kid, p_endpoint: endpoint, p_p256dh: keys.p256dh, p_auth: keys.auth }),
    deletePush: (kid: string) => ask('relay_delete_push', nothing, { p_kid: kid }),
    takePushes: (max: number) => ask('relay_take_pushes', takenPushesSchema, { p_max: max }),
    endPush: ({ id, state, httpStatus, after }: PushEnd) =>
      ask('relay_end_push', nothing, { p_id: id, p_state: state, p_http: httpStatus, p_after: after }),
    putBlob: (p: { owner: string; id: string; base64: string; buckets: readonly Bucket[]; cap: number }) =>
      ask('relay_put_blob', nothing, {
        p_owner: p.owner,
        p_id: p.id,
        p_data: p.base64,
        p_buckets: p.buckets,
        p_cap: p.cap,
      }),
    getBlob: (owner: string, id: string): Promise<string | null> =>
      ask('relay_get_blob', z.nullable(z.string()), { p_owner: owner, p_id: id }),
  };
}

const machineArgs = (machine: Machine): object => ({ p_machine: machine?.id ?? null, p_email: machine?.email ?? null });

type Ask = <T extends z.ZodMiniType>(name: string, schema: T, args: object) => Promise<z.infer<T>>;

function asking(rpc: Rpc): Ask {
  return async (name, schema, args) => {
    const { data, error, status } = await rpc(name, args);
    if (error) throw refusalOf(error, status);
    const parsed = schema.safeParse(data);
    if (!parsed.success) throw new StoreFault(`${name} answered what this version cannot read`);
    return parsed.data;
  };
}

class StoreFault extends Error {
  override readonly name = 'StoreFault';
}

/** P0001 is a function's own `raise exception`: its message is a code of the wire, its detail the seconds to wait. */
function refusalOf(error: { code: string; message: string; details: string | null }, status: number): Error {
  if (error.code === 'P0001' && isWireErrorCode(error.message)) {
    return new Refusal(error.message, error.message === 'quota.exceeded' ? Number(error.details) || 1 : undefined);
  }
  // A database that ends, starts or is full says so with a code of its own (08, 53, 57P), whatever status that is given.
  if (status === 0 || status >= 502 || /^(08|53|57P)/.test(error.code)) return new Refusal('relay.unavailable');
  return new StoreFault(`the database answered ${error.code}`);
}
