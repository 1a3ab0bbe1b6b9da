import * as z from 'zod/mini';
import { deviceSchema } from '../../edge/protocol/device.ts';
import { grantSchema } from '../../edge/protocol/grant.ts';
import { hashSchema, idSchema, thumbprintSchema } from '../../edge/protocol/id.ts';
import { offerSchema } from '../../edge/protocol/offer.ts';

/** A desktop this phone encrypts to: filled by pairing only. `trusted` once the desktop has said that it pinned this phone. */
export const peerSchema = z.object({
  device: deviceSchema,
  trusted: z.boolean(),
  mayPower: z.boolean(),
  /** It greeted this phone, and was not yet told what is here. */
  greeted: z.optional(z.boolean()),
  /** How often the desktop had changed its encryption key when it announced this one. */
  turn: z.optional(z.int()),
  /** Unix milliseconds: the desktop said that it hears nothing more from this phone. */
  dropped: z.optional(z.int()),
});
export type Peer = z.infer<typeof peerSchema>;

/** How far a task sent from here has come before the desktop speaks of it. */
export const sentSchema = z.discriminatedUnion('at', [
  z.object({ at: z.literal('here') }),
  /** `exp` in Unix seconds, while nothing was heard of it: no desktop gets it after that. */
  z.object({ at: z.literal('relay'), exp: z.optional(z.int()) }),
  z.object({ at: z.literal('expired') }),
  z.object({ at: z.literal('failed'), why: z.string() }),
  z.object({ at: z.literal('withdrawn') }),
]);
export type Sent = z.infer<typeof sentSchema>;

/** A task this phone knows. `from` when another device asked; `at` in Unix milliseconds. */
export const taskRecordSchema = z.object({
  id: idSchema,
  desktop: thumbprintSchema,
  thread: idSchema,
  text: z.string(),
  grants: z.array(grantSchema),
  files: z.array(z.string()),
  script: z.optional(z.string()),
  from: z.optional(z.string()),
  at: z.int(),
  sent: sentSchema,
  /** What was answered here, by ask. */
  answers: z.record(z.string(), z.boolean()),
  cancelling: z.optional(z.boolean()),
  /** Nothing more is heard of it: its desktop dropped this phone, or was revoked. */
  lost: z.optional(z.boolean()),
  /** This phone was revoked at the relay while it was on its way or under way: what became of it did not come here. */
  unheard: z.optional(z.boolean()),
});
export type TaskRecord = z.infer<typeof taskRecordSchema>;

/** An event as it was sealed: its hash is what the next one must name. */
export const eventRecordSchema = z.object({ json: z.string(), hash: hashSchema });
export type EventRecord = z.infer<typeof eventRecordSchema>;

/** The relay a phone belongs to, and what is needed to speak to it. */
export const relayPlaceSchema = z.object({
  url: z.string(),
  publishableKey: z.string(),
  vapidPublicKey: z.nullable(z.string()),
});
export type RelayPlace = z.infer<typeof relayPlaceSchema>;

/** A pairing under way: kept so that a reload in the middle does not lose it. */
export const pairingRecordSchema = z.object({
  code: z.string(),
  pid: idSchema,
  offer: offerSchema,
  desktop: deviceSchema,
  claim: z.string(),
  digits: z.string(),
});
export type PairingRecord = z.infer<typeof pairingRecordSchema>;

export const draftSchema = z.object({
  id: idSchema,
  k: z.enum(['task', 'ctl']),
  json: z.string(),
  to: z.array(thumbprintSchema),
  t: z.optional(idSchema),
  life: z.int(),
  reseal: z.boolean(),
});
export const outboxRecordSchema = z.object({
  seq: z.int(),
  draft: draftSchema,
  sealed: z.optional(z.object({ compact: z.string(), exp: z.int() })),
});
export type OutboxRecord = z.infer<typeof outboxRecordSchema>;
