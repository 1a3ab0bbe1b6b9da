import * as z from 'zod/mini';
import { deviceKindSchema, deviceNameSchema, deviceSchema } from './device.ts';
import { MAX_ENVELOPE_BYTES } from './envelope.ts';
import { idSchema, thumbprintSchema } from './id.ts';
import { offerSchema } from './offer.ts';

/*
 * The relay's routes under /functions/v1/relay, and the bodies they read and answer. Times in Unix seconds.
 * Callers send `apikey: <publishable key>` always and `authorization: Bearer <session>` where a session is needed.
 */

/** Nothing to say but "done". */
export const okSchema = z.object({ ok: z.literal(true) });

// GET /health, GET /config: anybody
export const healthSchema = z.object({ ok: z.literal(true), now: z.int() });
export const configSchema = z.object({
  url: z.string(),
  publishableKey: z.string(),
  vapidPublicKey: z.nullable(z.string()),
  version: z.int(),
  now: z.int(),
});
export type RelayConfig = z.infer<typeof configSchema>;

// POST /envelopes: a device. The same bytes again answer the same; other bytes under the id answer envelope.conflict.
// DELETE /envelopes/:id: its sender, while no recipient has fetched it
export const postEnvelopeSchema = z.object({ envelope: z.string().check(z.maxLength(MAX_ENVELOPE_BYTES)) });
export const postedSchema = z.object({ id: idSchema, now: z.int() });

// POST /inbox/pull: a device. `epoch` is the caller's journal's: a higher one takes over the leases of a lower one at once
export const pullSchema = z.object({ max: z.int().check(z.gte(1), z.lte(100)), epoch: z.int().check(z.nonnegative()) });
export const pulledSchema = z.object({
  envelopes: z.array(z.object({ id: idSchema, envelope: z.string(), leaseNo: z.int() })),
  due: z.array(z.object({ sched: idSchema, slot: z.int() })),
  more: z.boolean(),
  now: z.int(),
  /** The owner cut the route to this desktop, and with the code asks it to freeze itself. */
  stop: z.optional(z.object({ code: z.optional(z.string()) })),
});
export type Pulled = z.infer<typeof pulledSchema>;

// POST /inbox/ack: a device. An ack says "durably stored by me"; one with a stale lease number is harmless
export const ackSchema = z.object({
  acks: z.array(z.object({ id: idSchema, leaseNo: z.int() })).check(z.maxLength(100)),
});
export const ackedSchema = z.object({ acked: z.int() });

// POST /pairings: publishable key only. With `pollSecret` it renews the caller's own unclaimed offer
export const postPairingSchema = z.object({ offer: offerSchema, pollSecret: z.optional(z.string()) });
export const pairingPostedSchema = z.object({ pollSecret: z.string() });

// GET /pairings/:pid: the desktop with `x-poll-secret`, or a phone at aal2
export const pairingSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('open'), offer: offerSchema }),
  z.object({ state: z.literal('claimed'), offer: offerSchema, claim: z.string() }),
  z.object({ state: z.literal('confirmed'), offer: offerSchema }),
  z.object({ state: z.literal('refused') }),
]);
export type PairingStatus = z.infer<typeof pairingSchema>;

// POST /pairings/:pid/claim: a phone at aal2 with a fresh factor. `device` must be the one inside the claim: the desktop compares
export const claimPairingSchema = z.object({ claim: z.string().check(z.maxLength(8192)), device: deviceSchema });

// POST /pairings/:pid/confirm: a proof by the offered key. It registers both devices under the account that claimed
export const proofBodySchema = z.object({ proof: z.string().check(z.maxLength(8192)) });

// POST /devices/session: first {kid} -> {nonce}, then {proof} -> {tokenHash} for verifyOtp({type: 'magiclink'})
export const sessionRequestSchema = z.union([
  z.strictObject({ kid: thumbprintSchema }),
  z.strictObject({ proof: z.string() }),
]);
export const nonceSchema = z.object({ nonce: z.string() });
export const tokenHashSchema = z.object({ tokenHash: z.string() });

// POST /devices: an owner's session at aal2, signed in at a desktop, with a 'register' proof
// POST /devices/key: a desktop, with a 'rotate' proof: from now on it has this encryption key
// POST /devices/bind: a phone's session at aal2, with a 'bind' proof; from then on the session is that phone
// GET /devices: an owner at aal2, or a device. DELETE /devices/:kid: an owner at aal2
export const devicesSchema = z.object({
  devices: z.array(
    z.object({
      kid: thumbprintSchema,
      kind: deviceKindSchema,
      name: deviceNameSchema,
      createdAt: z.int(),
      lastSeen: z.nullable(z.int()),
      here: z.boolean(),
    }),
  ),
  now: z.int(),
});
export type RelayDevices = z.infer<typeof devicesSchema>;

// POST /stop: an owner at aal2: cuts the route to a desktop; with the printed code the desktop freezes itself as well
export const stopSchema = z.object({ kid: thumbprintSchema, code: z.optional(z.string().check(z.maxLength(128))) });

// GET /recovery: an owner at aal2. How many recovery codes are left, and when they were made
export const recoverySchema = z.object({ left: z.int(), madeAt: z.nullable(z.int()) });
export type RecoveryState = z.infer<typeof recoverySchema>;

// POST /recovery/codes: an owner at aal2 with a fresh factor. New codes in the place of all earlier ones, answered this once
export const recoveryCodesSchema = z.object({ codes: z.array(z.string()) });

// POST /recovery: any session of a person, a code, and the password from now on. All sessions end and the old factors are gone
export const recoverSchema = z.object({
  code: z.string().check(z.maxLength(64)),
  password: z.string().check(z.minLength(10), z.maxLength(200)),
});

// POST /recovery/desk: bearer is the project's secret key. Stand-ins for password and recovery code, good once for ten minutes
export const deskRecoverySchema = z.object({ email: z.string().check(z.maxLength(254)) });
export const deskRecoveredSchema = z.object({ passwordCode: z.string(), code: z.string() });

// PUT /push, DELETE /push: a phone
export const pushSchema = z.object({
  endpoint: z.url().check(z.maxLength(2048)),
  keys: z.object({ p256dh: z.string().check(z.maxLength(128)), auth: z.string().check(z.maxLength(64)) }),
});
export type PushSubscription = z.infer<typeof pushSchema>;

// POST /blobs (application/octet-stream, at most 192 kB): a device. GET /blobs/:id: any device of the same owner
export const blobPostedSchema = z.object({ id: idSchema });

/** What a push message carries: a sealed headline that fits, else only "look". */
export const pushMessageSchema = z.union([z.strictObject({ e: z.string() }), z.strictObject({ q: z.int() })]);
export type PushMessage = z.infer<typeof pushMessageSchema>;
