import * as z from 'zod/mini';
import { concat, fromB64u, sha256B64u, toB64u, toBytes, toText } from './bytes.ts';
import { hashSchema, idSchema } from './id.ts';

const fileStateSchema = z.strictObject({ sha256: hashSchema, size: z.int() });

/**
 * What the agent wants to do, to the byte. `t` and `n` bind it to one step of one task. Strict: the phone shows every member
 * with its own fixed words, so a member it does not know must not exist.
 */
export const actionSchema = z.strictObject({
  v: z.literal(1),
  t: idSchema,
  n: z.int(),
  act: z.discriminatedUnion('sink', [
    z.strictObject({ sink: z.literal('read'), path: z.string() }),
    z.strictObject({
      sink: z.literal('write'),
      path: z.string(),
      before: z.nullable(fileStateSchema),
      after: fileStateSchema,
    }),
    z.strictObject({
      sink: z.literal('script'),
      name: z.string(),
      argv: z.array(z.string()),
      cwd: z.string(),
      sha256: hashSchema,
    }),
    z.strictObject({ sink: z.literal('repeat'), tool: z.string(), about: z.string() }),
  ]),
});
export type Action = z.infer<typeof actionSchema>;

/** An action frozen: these bytes are what is asked about, digested, answered and compared again before it is done. */
export interface FrozenAction {
  /** base64url of the action's JSON. */
  readonly bytes: string;
  readonly digest: string;
}

const digestOf = (bytes: Uint8Array): Promise<string> => sha256B64u(concat(toBytes('errand action\0'), bytes));

export async function freezeAction(action: Action): Promise<FrozenAction> {
  const bytes = toBytes(JSON.stringify(actionSchema.parse(action)));
  return { bytes: toB64u(bytes), digest: await digestOf(bytes) };
}

/** The action and digest that these bytes really hold: the phone shows and signs this, not what it was told. Throws on bad bytes. */
export async function thawAction(text: string): Promise<{ action: Action; digest: string }> {
  const bytes = fromB64u(text);
  const json: unknown = JSON.parse(toText(bytes));
  return { action: actionSchema.parse(json), digest: await digestOf(bytes) };
}

/** A question that waits for the owner. Its actions are answered together, each by its digest. `exp` in Unix seconds. */
export const askSchema = z.object({
  ask: idSchema,
  why: z.string(),
  actions: z.array(z.string()).check(z.minLength(1), z.maxLength(20)),
  high: z.boolean(),
  exp: z.int(),
});
export type Ask = z.infer<typeof askSchema>;
