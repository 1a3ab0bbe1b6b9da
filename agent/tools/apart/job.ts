import * as z from 'zod/mini';

/*
 * Documents are written by others, and a small one may be made to use up all memory or time. What opens them is a program of its own
 * with a limit on both: the worker, its journal and its link never wait for a document, and never share its fate.
 */

const pathSchema = z.string();
const fromSchema = z.int().check(z.positive());

/** `path` is for the words of the answer; the bytes come with the job. */
export const jobSchema = z.discriminatedUnion('do', [
  z.object({
    do: z.literal('read-pdf'),
    path: pathSchema,
    first: z.optional(fromSchema),
    last: z.optional(fromSchema),
  }),
  z.object({ do: z.literal('read-docx'), path: pathSchema, from: z.optional(fromSchema) }),
  z.object({
    do: z.literal('read-csv'),
    path: pathSchema,
    from: z.optional(fromSchema),
    count: z.optional(fromSchema),
  }),
  /** The bytes are Markdown; the answer is the document in Base64. */
  z.object({ do: z.literal('make-docx'), path: pathSchema }),
]);
export type Job = z.infer<typeof jobSchema>;

/** A line that the program reads; `size` bytes of the document follow. */
export const orderSchema = z.object({ job: jobSchema, size: z.int().check(z.nonnegative()) });

/** The line that the program writes for each order. `reusable`: it is small enough for another job. */
export const answerSchema = z.discriminatedUnion('is', [
  z.object({ is: z.literal('done'), text: z.string(), reusable: z.boolean() }),
  /** The words are for whoever reads the step. */
  z.object({ is: z.literal('failed'), why: z.string() }),
  z.object({ is: z.literal('too much memory') }),
]);
export type Answer = z.infer<typeof answerSchema>;

export interface Material {
  readonly size: number;
  /** All of its bytes, in order. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Does a job in a program of its own. Rejects with ToolError, or with the signal's reason when aborted: the program ends at once. */
export type Apart = (job: Job, material: Material, signal: AbortSignal) => Promise<string>;
