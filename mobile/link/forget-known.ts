import * as z from 'zod/mini';
import type { Db } from './db.ts';

/** Seconds for which an envelope's id is known beyond its end. What has expired is refused for that alone: the rest is for a clock that was set back. */
const KEEP = 30 * 24 * 3600;

/** `exp` in Unix seconds of one that was taken. */
const knownSchema = z.object({ id: z.string(), exp: z.optional(z.int()) });

/**
 * Forgets the envelopes that nobody can deliver any more, and refusals, which decide nothing: a phone would else know the id of every
 * event there ever was.
 */
export async function forgetKnown(db: Db, now: number): Promise<void> {
  const rows = await db.read((tx) => tx.all('known'));
  const over = rows.flatMap((row) => {
    const { data } = knownSchema.safeParse(row);
    return data && (data.exp === undefined || data.exp + KEEP < now) ? [data.id] : [];
  });
  if (over.length === 0) return;
  await db.write(async (tx) => {
    for (const id of over) await tx.delete('known', id);
  });
}
