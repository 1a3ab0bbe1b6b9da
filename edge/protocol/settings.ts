import * as z from 'zod/mini';

/** The power switches of a desktop, which a phone may set where its owner allowed that. */
export const settingsSchema = z.object({
  /** The worker ends when the lid closes. */
  lid: z.boolean(),
  /** The worker ends when nobody used the desktop and no task ran for `idleMinutes`. */
  idle: z.boolean(),
  idleMinutes: z.int().check(z.gte(1), z.lte(1440)),
});
export type Settings = z.infer<typeof settingsSchema>;

export const DEFAULT_SETTINGS: Settings = { lid: true, idle: true, idleMinutes: 30 };
