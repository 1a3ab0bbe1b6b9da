import * as z from 'zod/mini';
import { askSchema } from '../../edge/protocol/ask.ts';
import { presenceSchema } from '../../edge/protocol/down.ts';
import { taskStateSchema } from '../../edge/protocol/event.ts';
import { grantSchema } from '../../edge/protocol/grant.ts';
import { idSchema, thumbprintSchema } from '../../edge/protocol/id.ts';
import { settingsSchema } from '../../edge/protocol/settings.ts';

/*
 * What the desk says to the agent and hears from it: one JSON object a line over the control socket (terminal to supervisor), and
 * the same objects over the worker's IPC channel (supervisor to worker). `id` pairs a reply with its request.
 */

/** Carried out by the supervisor, with or without a worker. */
const supervisorRequestSchema = z.discriminatedUnion('do', [
  z.object({ do: z.literal('status') }),
  /** From now on this connection hears every notice. */
  z.object({ do: z.literal('attach') }),
  /** `stay`: keep working with the lid closed, until the next `up` without it. */
  z.object({ do: z.literal('up'), stay: z.optional(z.boolean()) }),
  z.object({ do: z.literal('stop') }),
  z.object({ do: z.literal('quit') }),
]);

/** Carried out by the worker: the supervisor only passes it on, or says that the worker is off and why. */
const workerRequestSchema = z.discriminatedUnion('do', [
  /** Shows a pairing offer, renewed until it was used or `unpair` is said; answered with `offer`. */
  z.object({ do: z.literal('pair') }),
  z.object({ do: z.literal('unpair') }),
  z.object({
    do: z.literal('allow'),
    claim: z.string(),
    ok: z.boolean(),
    mayPower: z.boolean(),
    /** It may read threads from before. */
    mayHistory: z.optional(z.boolean()),
  }),
  z.object({ do: z.literal('login'), email: z.string(), password: z.string(), code: z.string() }),
  z.object({
    do: z.literal('task'),
    text: z.string(),
    grants: z.array(grantSchema),
    thread: z.nullable(idSchema),
    script: z.optional(z.string()),
  }),
  z.object({ do: z.literal('cancel'), t: idSchema }),
  z.object({ do: z.literal('answer'), ask: idSchema, ok: z.boolean(), because: z.optional(z.string()) }),
  z.object({ do: z.literal('tasks') }),
  z.object({ do: z.literal('devices') }),
  z.object({ do: z.literal('drop'), kid: thumbprintSchema }),
  z.object({ do: z.literal('set'), settings: settingsSchema }),
  /** The configuration file was edited: read it again. */
  z.object({ do: z.literal('reload') }),
]);

const requestSchema = z.union([supervisorRequestSchema, workerRequestSchema]);
export type SupervisorRequest = z.infer<typeof supervisorRequestSchema>;
export type WorkerRequest = z.infer<typeof workerRequestSchema>;
export type Request = z.infer<typeof requestSchema>;

const taskSummarySchema = z.object({
  t: idSchema,
  thread: idSchema,
  text: z.string(),
  state: taskStateSchema,
  at: z.int(),
});

const deviceSummarySchema = z.object({
  kid: thumbprintSchema,
  name: z.string(),
  mayPower: z.boolean(),
  mayHistory: z.boolean(),
  pairedAt: z.int(),
  lastHeard: z.nullable(z.int()),
});

/** What the worker knows of itself. */
const workerStatusSchema = z.object({
  kid: z.optional(thumbprintSchema),
  link: z.enum(['online', 'offline', 'no-session']),
  model: z.string(),
  running: z.int(),
  queued: z.int(),
  waiting: z.int(),
  phones: z.int(),
});

const statusSchema = z.object({
  presence: presenceSchema,
  since: z.int(),
  why: z.string(),
  name: z.string(),
  kid: z.nullable(thumbprintSchema),
  relay: z.nullable(z.string()),
  app: z.nullable(z.string()),
  settings: settingsSchema,
  pids: z.object({ supervisor: z.int(), worker: z.nullable(z.int()) }),
  worker: z.nullable(workerStatusSchema),
});
export type Status = z.infer<typeof statusSchema>;

const replySchema = z.discriminatedUnion('is', [
  z.object({ is: z.literal('done') }),
  z.object({ is: z.literal('error'), code: z.string(), message: z.string() }),
  z.object({ is: z.literal('status'), status: statusSchema }),
  z.object({ is: z.literal('worker-status'), status: workerStatusSchema }),
  z.object({ is: z.literal('offer'), code: z.string(), link: z.string() }),
  z.object({ is: z.literal('task'), t: idSchema }),
  z.object({ is: z.literal('tasks'), tasks: z.array(taskSummarySchema) }),
  z.object({ is: z.literal('devices'), devices: z.array(deviceSummarySchema) }),
]);
export type Reply = z.infer<typeof replySchema>;

/** What an attached terminal hears without asking. */
const noticeSchema = z.discriminatedUnion('say', [
  z.object({ say: z.literal('offer'), code: z.string(), link: z.string() }),
  /** A phone claimed the offer. The person compares `digits` and allows in one act. */
  z.object({
    say: z.literal('claim'),
    claim: z.string(),
    name: z.string(),
    digits: z.string(),
    /** Whether it is proposed that this phone reads threads from before; undefined: there are none. */
    history: z.optional(z.boolean()),
  }),
  z.object({ say: z.literal('paired'), name: z.string() }),
  z.object({ say: z.literal('ask'), t: idSchema, text: z.string(), ask: askSchema }),
  z.object({ say: z.literal('task'), t: idSchema, text: z.string(), state: taskStateSchema }),
  z.object({ say: z.literal('note'), t: idSchema, text: z.string() }),
  z.object({ say: z.literal('result'), t: idSchema, text: z.string(), files: z.array(z.string()) }),
  z.object({ say: z.literal('link'), link: z.enum(['online', 'offline', 'no-session']) }),
  /** Seconds by which this computer's clock is behind the relay's (negative: ahead). */
  z.object({ say: z.literal('clock'), behind: z.int() }),
  z.object({ say: z.literal('presence'), presence: presenceSchema, why: z.string() }),
]);
export type Notice = z.infer<typeof noticeSchema>;

/** Terminal to supervisor, and supervisor to worker. */
export const callSchema = z.object({ id: z.int(), request: requestSchema });
/** The way back. */
export const answerLineSchema = z.union([
  z.object({ id: z.int(), reply: replySchema }),
  z.object({ notice: noticeSchema }),
]);

/** Supervisor to worker, beside calls: end now, within the time the power contract gives; `why` becomes the farewell to the phone. */
export const orderSchema = z.object({ order: z.literal('end'), presence: presenceSchema, why: z.string() });
/** Supervisor to worker: what it sees of the machine, for presence. */
export const lidSchema = z.object({ lid: z.enum(['open', 'closed', 'unknown']) });
