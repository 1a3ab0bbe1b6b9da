import * as z from 'zod/mini';
import { eventSchema } from './event.ts';
import { idSchema } from './id.ts';
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

/** The desktop pinned this phone: sealed to it right after pairing. */
const trustSchema = z.object({ kind: z.literal('trust'), name: z.string(), mayPower: z.boolean(), version: z.int() });

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
  headlineSchema,
  liveSchema,
]);
export type Down = z.infer<typeof downSchema>;
