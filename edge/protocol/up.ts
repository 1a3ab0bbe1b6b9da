import * as z from 'zod/mini';
import { deviceNameSchema } from './device.ts';
import { hashSchema, idSchema, thumbprintSchema } from './id.ts';
import { settingsSchema } from './settings.ts';
import { taskSchema } from './task.ts';

/** The owner's answer to an ask. `digests` names the actions it is about; it grants exactly those, once. */
export const answerSchema = z.object({
  kind: z.literal('answer'),
  ask: idSchema,
  digests: z.array(hashSchema),
  ok: z.boolean(),
  because: z.optional(z.string().check(z.maxLength(1000))),
  scope: z.literal('once'),
});
export type Answer = z.infer<typeof answerSchema>;

const cancelSchema = z.object({ kind: z.literal('cancel'), t: idSchema });

/** Sets power switches. `rev` is the revision the phone had seen; when the desktop's is newer, it answers with its own `seen`. */
const setSchema = z.object({ kind: z.literal('set'), settings: settingsSchema, rev: z.int() });

/**
 * "This is what I have": for each task the number of its newest event here. The desktop sends what is missing. Where one body
 * cannot hold all tasks there are several, each about the ids from `from` on and before `upto` (null: no end).
 */
const syncSchema = z.object({
  kind: z.literal('sync'),
  have: z.record(z.string(), z.int()),
  range: z.optional(z.object({ from: z.string(), upto: z.nullable(z.string()) })),
  version: z.int(),
  name: deviceNameSchema,
});

/** Takes a phone off the desktop's list of those that may command it. */
const dropSchema = z.object({ kind: z.literal('drop'), kid: thumbprintSchema });

/** Phone to desktop, envelope kind `ctl`. */
export const controlSchema = z.discriminatedUnion('kind', [
  answerSchema,
  cancelSchema,
  setSchema,
  syncSchema,
  dropSchema,
]);
export type Control = z.infer<typeof controlSchema>;

/** Everything a phone says to a desktop. */
export const upSchema = z.discriminatedUnion('kind', [
  taskSchema,
  answerSchema,
  cancelSchema,
  setSchema,
  syncSchema,
  dropSchema,
]);
export type Up = z.infer<typeof upSchema>;
