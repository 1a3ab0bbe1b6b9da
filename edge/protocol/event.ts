import * as z from 'zod/mini';
import { askSchema } from './ask.ts';
import { sha256B64u, toBytes } from './bytes.ts';
import { grantSchema } from './grant.ts';
import { hashSchema, idSchema, thumbprintSchema } from './id.ts';
import { parcelSchema } from './parcel.ts';
import { fateSchema } from './task.ts';

/** Where a task stands. Each state says what happens next: `waiting` for an answer, `parked` until `why` is over, or `until` (Unix milliseconds). */
export const taskStateSchema = z.discriminatedUnion('is', [
  z.object({ is: z.literal('queued') }),
  z.object({ is: z.literal('running') }),
  z.object({ is: z.literal('waiting'), ask: idSchema }),
  z.object({
    is: z.literal('parked'),
    why: z.enum([
      'lid-closed',
      'idle',
      'asleep',
      'stopped-by-owner',
      'restarted',
      'ask-expired',
      'model-unavailable',
      'disk-full',
    ]),
    until: z.optional(z.int()),
  }),
  z.object({ is: z.literal('ended'), fate: fateSchema, why: z.optional(z.string()) }),
]);
export type TaskState = z.infer<typeof taskStateSchema>;

/** What happened in a task. Additive: a phone ignores a `kind` of a newer desktop, and says that it should be updated. */
export const happeningSchema = z.discriminatedUnion('kind', [
  /** The first event of every task, so that the owner's other phones see what was asked. */
  z.object({
    kind: z.literal('echo'),
    text: z.string(),
    thread: idSchema,
    from: z.object({ kid: thumbprintSchema, name: z.string() }),
    grants: z.array(grantSchema),
  }),
  z.object({ kind: z.literal('state'), state: taskStateSchema }),
  z.object({ kind: z.literal('note'), text: z.string() }),
  z.object({ kind: z.literal('plan'), items: z.array(z.string()) }),
  z.object({
    kind: z.literal('step'),
    n: z.int(),
    tool: z.string(),
    title: z.string(),
    state: z.enum(['started', 'done', 'failed', 'refused']),
    detail: z.optional(z.string()),
  }),
  z.object({ kind: z.literal('ask'), ask: askSchema }),
  z.object({ kind: z.literal('answered'), ask: idSchema, ok: z.boolean(), by: z.string() }),
  /** The final answer: inert text, and files. `untrusted` when the task read content that others wrote. */
  z.object({
    kind: z.literal('result'),
    text: z.string(),
    files: z.array(parcelSchema),
    by: z.string(),
    untrusted: z.boolean(),
  }),
]);
export type Happening = z.infer<typeof happeningSchema>;

/**
 * One event of a task. `i` counts from 1 without gaps; `prev` is the hash of the previous event's JSON as sent (null for the
 * first), so a relay that drops or invents events is noticed. `at` in Unix milliseconds.
 */
export const eventSchema = z.object({
  kind: z.literal('event'),
  t: idSchema,
  i: z.int().check(z.positive()),
  prev: z.nullable(hashSchema),
  at: z.int(),
  what: happeningSchema,
});
export type Event = z.infer<typeof eventSchema>;

/** The hash that the next event of the task carries as `prev`: over the JSON text exactly as sealed. */
export const eventHash = (json: string): Promise<string> => sha256B64u(toBytes(json));
