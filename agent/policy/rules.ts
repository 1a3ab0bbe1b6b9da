import * as z from 'zod/mini';
import { hashSchema } from '../../edge/protocol/id.ts';

/** A script the owner registered at the desk. What runs is this argv, nothing added; `sha256` is of `file` when it was registered. */
export const scriptSchema = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(64)),
  file: z.string(),
  argv: z.array(z.string()).check(z.minLength(1)),
  cwd: z.string(),
  sha256: hashSchema,
});
export type Script = z.infer<typeof scriptSchema>;

/** What the owner decided at the desk. Nothing a task carries or a model says changes it. Paths may begin with `~`. */
export const rulesSchema = z.strictObject({
  v: z.literal(1),
  /** Folders that a task may read without a grant of its own. */
  roots: z.array(z.string()),
  /** Added to the list that is always refused, in the pattern language of data/sensitive.json. */
  sensitive: z.array(z.string()),
  scripts: z.array(scriptSchema),
});
export type Rules = z.infer<typeof rulesSchema>;
