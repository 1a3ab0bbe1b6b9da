import * as z from 'zod/mini';
import { pulseSchema } from './pulse.ts';

/*
 * The supervisor's view of messages.ts: it reads who speaks to whom and passes the rest on unread. The full schemas would load the
 * protocol's cryptography (8 MB) into a process that has no use for it.
 */

export const callFrameSchema = z.object({ id: z.int(), request: z.looseObject({ do: z.string() }) });
export type RequestFrame = z.infer<typeof callFrameSchema>['request'];

const replyFrameSchema = z.looseObject({ is: z.string() });
export type ReplyFrame = z.infer<typeof replyFrameSchema>;

const noticeFrameSchema = z.looseObject({ say: z.string() });
export type NoticeFrame = z.infer<typeof noticeFrameSchema>;

/** Whatever a worker says. */
export const workerFrameSchema = z.union([
  z.object({ id: z.int(), reply: replyFrameSchema }),
  z.object({ notice: noticeFrameSchema }),
  pulseSchema,
]);
