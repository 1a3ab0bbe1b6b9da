import * as z from 'zod/mini';
import type { Grant } from '../../edge/protocol/grant.ts';

/** Kinds that are acted on: one that is not whole must not pass for an unknown kind. */
const OWN: ReadonlySet<string> = new Set(['text', 'tool_use', 'tool_result']);

const textBlockSchema = z.looseObject({ type: z.literal('text'), text: z.string() });
const callBlockSchema = z.looseObject({
  type: z.literal('tool_use'),
  id: z.string(),
  name: z.string(),
  input: z.unknown(),
});
const resultBlockSchema = z.looseObject({
  type: z.literal('tool_result'),
  tool_use_id: z.string(),
  content: z.string(),
  is_error: z.optional(z.boolean()),
});
/** Thinking and whatever else a model sends: handed back to it unchanged. */
const otherBlockSchema = z.looseObject({ type: z.string().check(z.refine((type) => !OWN.has(type))) });

export const contentSchema = z.array(z.union([textBlockSchema, callBlockSchema, resultBlockSchema, otherBlockSchema]));
export type Block = z.infer<typeof contentSchema>[number];
export type CallBlock = z.infer<typeof callBlockSchema>;
type ResultBlock = z.infer<typeof resultBlockSchema>;

export const callsIn = (content: readonly Block[]): CallBlock[] =>
  content.flatMap((block) => {
    const call = callBlockSchema.safeParse(block);
    return call.success ? [call.data] : [];
  });

export const resultsIn = (content: readonly Block[]): ResultBlock[] =>
  content.flatMap((block) => {
    const result = resultBlockSchema.safeParse(block);
    return result.success ? [result.data] : [];
  });

export const textIn = (content: readonly Block[]): string =>
  content
    .flatMap((block) => {
      const text = textBlockSchema.safeParse(block);
      return text.success ? [text.data.text] : [];
    })
    .join('\n')
    .trim();

/** A reply's stop reason: its words say why what was asked for did not come about. */
export const CANNOT = 'cannot';

/** One whole response, stored before it is acted on: thinking signatures and usage included. */
export const replySchema = z.looseObject({
  content: contentSchema,
  stop_reason: z.nullable(z.string()),
  usage: z.optional(z.looseObject({ input_tokens: z.number(), output_tokens: z.number() })),
});
export type Reply = z.infer<typeof replySchema>;

export interface Message {
  readonly role: 'user' | 'assistant';
  readonly content: Block[];
}

export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the input. */
  readonly schema: Readonly<Record<string, unknown>>;
}

/** What the owner asked, for a model and for the planner that is none. Only words the owner signed, and this agent's own. */
export interface Brief {
  readonly text: string;
  readonly grants: readonly Grant[];
  /** Earlier tasks of the thread, oldest first. */
  readonly earlier: readonly { readonly text: string; readonly answer: string; readonly files: readonly string[] }[];
  /** Paths of the files that came with the task, in its workspace. */
  readonly attached: readonly string[];
  readonly workspace: string;
  readonly home: string;
  /** Folders this desktop's owner lets tasks read without a grant. */
  readonly roots: readonly string[];
}

export interface ModelRequest {
  readonly brief: Brief;
  readonly system: string;
  readonly messages: readonly Message[];
  readonly tools: readonly ToolSpec[];
  readonly signal: AbortSignal;
  /** The whole text so far, for display only. */
  readonly onText: (text: string) => void;
}

/** Rejects with ModelFault, or with the signal's reason when aborted. */
export interface Model {
  readonly name: string;
  next(request: ModelRequest): Promise<Reply>;
}

/** 'model.unavailable' passes by itself; the others need the owner, and the message says what to do. */
type ModelFaultCode = 'model.unavailable' | 'model.key' | 'model.unknown' | 'model.too-long' | 'model.rejected';

export class ModelFault extends Error {
  override readonly name = 'ModelFault';
  readonly code: ModelFaultCode;
  /** Milliseconds that the server asked to be left alone. */
  readonly afterMs: number | undefined;

  constructor(code: ModelFaultCode, message: string, afterMs?: number) {
    super(message);
    this.code = code;
    this.afterMs = afterMs;
  }
}
