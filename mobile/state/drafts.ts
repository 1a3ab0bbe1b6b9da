import * as z from 'zod/mini';
import { grantSchema } from '../../edge/protocol/grant.ts';
import type { Db, Tx } from '../link/db.ts';

const draftSchema = z.object({
  text: z.string(),
  /** What was done to the chips by hand. */
  removed: z.array(z.string()),
  added: z.array(grantSchema),
  script: z.optional(z.string()),
  desktop: z.optional(z.string()),
});
export type KeptDraft = z.infer<typeof draftSchema>;

/** Tasks that are being written: a page that is closed or killed loses at most the last words. `place` is a thread, or `new`. */
export interface Drafts {
  read(place: string): Promise<KeptDraft | undefined>;
  keep(place: string, draft: KeptDraft | undefined): Promise<void>;
}

const keyOf = (place: string): string => `draft/${place}`;

export const createDrafts = (db: Db): Drafts => ({
  read: async (place) => {
    const row = await db.read((tx) => tx.get('meta', keyOf(place)));
    return row === undefined ? undefined : draftSchema.parse(row);
  },
  keep: (place, draft) => db.write((tx) => (draft ? tx.put('meta', keyOf(place), draft) : dropDraft(tx, place))),
});

/** Inside the transaction that sends it: it is then either still being written or sent, never both and never neither. */
export const dropDraft = (tx: Tx, place: string): Promise<void> => tx.delete('meta', keyOf(place));
