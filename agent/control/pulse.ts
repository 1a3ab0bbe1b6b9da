import * as z from 'zod/mini';
import { settingsSchema } from '../../edge/protocol/settings.ts';

/** Worker to supervisor, beside replies and notices: what the power decision needs to know. `lastPhoneWord` in Unix milliseconds. */
export const pulseSchema = z.object({
  pulse: z.object({
    /** Requests from the desk can be answered from now on. */
    ready: z.boolean(),
    runningTask: z.boolean(),
    lastPhoneWord: z.nullable(z.int()),
    settings: settingsSchema,
  }),
});
export type Pulse = z.infer<typeof pulseSchema>['pulse'];
