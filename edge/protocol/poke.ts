import * as z from 'zod/mini';

/** The private Realtime topic of one device. */
export const pokeTopic = (kid: string): string => `device:${kid}`;

/** Realtime's event name of the doorbell. It promises nothing: rows are the truth, a poke only saves waiting. */
export const POKE_EVENT = 'poke';

export const pokeSchema = z.object({ n: z.int() });
