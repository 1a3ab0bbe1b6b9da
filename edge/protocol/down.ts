import * as z from 'zod/mini';
import { publicKeySchema } from './device.ts';
import { eventSchema } from './event.ts';
import { idSchema, thumbprintSchema } from './id.ts';
import { settingsSchema } from './settings.ts';

/** What a desktop says of itself. Replaced by the next one (collapse key), so it stands outside the chain of events. */
export const presenceSchema = z.enum([
  'running',
  'idle',
  'lid-closed',
  'shut-down-by-idle',
  'asleep',
  'stopped-by-owner',
]);

export const seenSchema = z.object({
  kind: z.literal('seen'),
  at: z.int(),
  presence: presenceSchema,
  lid: z.enum(['open', 'closed', 'unknown']),
  settings: settingsSchema,
  rev: z.int(),
  /** This phone may set the switches. */
  mayPower: z.boolean(),
  version: z.int(),
  model: z.string(),
  /** Names of the scripts registered at the desk. */
  scripts: z.array(z.string()),
});
export type Seen = z.infer<typeof seenSchema>;

/**
 * The encryption key to seal to from now on. `turn` counts a desktop's rotations, so that an older announcement that comes late
 * changes nothing.
 */
const deskKeySchema = z.object({ ek: thumbprintSchema, enc: publicKeySchema, turn: z.int() });
export type DeskKey = z.infer<typeof deskKeySchema>;

/** The desktop pinned this phone: sealed to it right after pairing, and again when its name or its encryption key changes. */
const trustSchema = z.object({
  kind: z.literal('trust'),
  name: z.string(),
  mayPower: z.boolean(),
  version: z.int(),
  key: z.optional(deskKeySchema),
});
export type Trust = z.infer<typeof trustSchema>;

/** The last word to a phone that was taken off the list: nothing it sends is heard any more. */
const droppedSchema = z.object({ kind: z.literal('dropped'), at: z.int() });

/** Several events in one envelope: said in one breath, or the answer to a sync. Each is the event's JSON exactly as it was sealed first. */
const pastSchema = z.object({ kind: z.literal('past'), events: z.array(z.string()) });

/** Words for a push notification: at most 1,020 bytes of JSON, so that the sealed whole fits into one push message. */
const headlineSchema = z.object({
  kind: z.literal('headline'),
  t: idSchema,
  what: z.enum(['done', 'failed', 'ask']),
  title: z.string().check(z.maxLength(80)),
  text: z.string().check(z.maxLength(160)),
});
export type Headline = z.infer<typeof headlineSchema>;

/** The partial text of the model's answer: for the eye only, collapsed, never stored as an event. */
const liveSchema = z.object({ kind: z.literal('live'), t: idSchema, text: z.string() });

/** Everything a desktop says to a phone, envelope kind `evt`. */
export const downSchema = z.discriminatedUnion('kind', [
  eventSchema,
  seenSchema,
  trustSchema,
  droppedSchema,
  pastSchema,
  headlineSchema,
  liveSchema,
]);
export type Down = z.infer<typeof downSchema>;
