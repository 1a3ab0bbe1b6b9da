import * as z from 'zod/mini';

/** A path as the owner wrote it: absolute, or below the home folder (`~/Inbox`). Resolved and checked at the desktop only. */
const pathSchema = z.string().check(z.minLength(1), z.maxLength(1024));

/**
 * Authority signed with a task. Strict: an unknown member rejects, because a grant must never mean more than the owner read.
 * Only the owner's signed words grant; nothing the model reads or says can.
 */
export const grantSchema = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('read'), path: pathSchema }),
  z.strictObject({ do: z.literal('write'), path: pathSchema, replace: z.boolean() }),
  z.strictObject({ do: z.literal('script'), name: z.string().check(z.minLength(1), z.maxLength(64)) }),
]);
export type Grant = z.infer<typeof grantSchema>;
