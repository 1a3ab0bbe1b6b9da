import * as z from 'zod/mini';
import { grantSchema } from './grant.ts';
import { idSchema } from './id.ts';
import { parcelSchema } from './parcel.ts';

/**
 * What a person asks. `thread` is the id of the thread's first task (null: this task begins one). `after` is the previous task of
 * the thread: the desktop holds this one until that is known or expired, which is all the ordering there is.
 * `deadline` in Unix seconds.
 */
export const taskSchema = z.object({
  kind: z.literal('task'),
  text: z.string().check(z.minLength(1), z.maxLength(20_000)),
  thread: z.nullable(idSchema),
  after: z.nullable(idSchema),
  grants: z.array(grantSchema).check(z.maxLength(50)),
  parent: z.optional(idSchema),
  budget: z.optional(
    z.object({ steps: z.optional(z.int().check(z.positive())), tokens: z.optional(z.int().check(z.positive())) }),
  ),
  deadline: z.optional(z.int()),
  ifMissed: z.enum(['run', 'skip', 'ask']),
  files: z.optional(z.array(parcelSchema).check(z.maxLength(10))),
  /** Runs the script of this name, registered at the desk, without a model. */
  script: z.optional(z.string()),
});
export type Task = z.infer<typeof taskSchema>;

/** How a task ended. Every accepted task ends in exactly one. */
export const fateSchema = z.enum(['done', 'failed', 'refused', 'cancelled', 'expired', 'unknown']);
export type Fate = z.infer<typeof fateSchema>;
