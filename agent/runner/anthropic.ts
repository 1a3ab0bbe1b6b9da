import * as z from 'zod/mini';
import type { Anthropic } from '@anthropic-ai/sdk';
import type { ContentBlockParam, MessageParam, Tool } from '@anthropic-ai/sdk/resources/messages';
import {
  ModelFault,
  replySchema,
  type Block,
  type Message,
  type Model,
  type ModelRequest,
  type Reply,
} from './model.ts';

const MAX_TOKENS = 16_000;
/** Tries of one turn before the task parks until the model is back. */
const TRIES = 5;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 60_000;

export interface AnthropicOptions {
  readonly model: string;
  readonly apiKey: string | undefined;
  /** Another server that speaks the Messages API. */
  readonly baseUrl: string | undefined;
  /** Resolves after the time; rejects with the signal's reason when aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** A model behind the Messages API. The SDK is loaded at the first turn: an idle worker does without it. */
export function anthropicModel(options: AnthropicOptions): Model {
  let loading: Promise<Anthropic> | undefined;
  const load = async (): Promise<Anthropic> => {
    const sdk = await import('@anthropic-ai/sdk');
    return new sdk.Anthropic({
      apiKey: options.apiKey ?? 'none',
      baseURL: options.baseUrl ?? null,
      maxRetries: 0,
      openTelemetry: false,
    });
  };
  return {
    name: options.model,
    async next(request) {
      const client = await (loading ??= load());
      for (let attempt = 1; ; attempt++) {
        try {
          return await oneTurn({ client, model: options.model, cache: options.baseUrl === undefined, request });
        } catch (error) {
          request.signal.throwIfAborted();
          const fault = faultOf(error);
          if (fault.code !== 'model.unavailable' || attempt >= TRIES) throw fault;
          await options.wait(delayBefore(error, attempt), request.signal);
        }
      }
    },
  };
}

async function oneTurn(options: {
  client: Anthropic;
  model: string;
  cache: boolean;
  request: ModelRequest;
}): Promise<Reply> {
  const { client, model, cache, request } = options;
  const stream = client.messages.stream(
    {
      model,
      max_tokens: MAX_TOKENS,
      system: request.system,
      messages: request.messages.map(messageParam),
      tools: request.tools.map(toolParam),
      ...(cache && { cache_control: { type: 'ephemeral' } }),
    },
    { signal: request.signal },
  );
  const inputs = new Map<number, string>();
  stream.on('text', (_delta, whole) => request.onText(whole));
  stream.on('streamEvent', (event) => {
    if (event.type !== 'content_block_delta' || event.delta.type !== 'input_json_delta') return;
    inputs.set(event.index, (inputs.get(event.index) ?? '') + event.delta.partial_json);
  });
  const reply = replySchema.parse(await stream.finalMessage());
  return { ...reply, content: reply.content.map((block, index) => wholeCall(block, inputs.get(index))) };
}

/** The SDK mends an input that is no whole JSON; half a file must not be written: such a call becomes one that no tool accepts. */
function wholeCall(block: Block, input: string | undefined): Block {
  if (block.type !== 'tool_use' || input === undefined || isJson(input)) return block;
  return { ...block, input: { 'not JSON': input } };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const messageParam = (message: Message): MessageParam => ({
  role: message.role,
  // oxlint-disable-next-line typescript/consistent-type-assertions -- blocks go back exactly as the API sent them, whatever their kind
  content: message.content as ContentBlockParam[],
});

const toolParam = ({ name, description, schema }: ModelRequest['tools'][number]): Tool => ({
  name,
  description,
  input_schema: { ...schema, type: 'object' },
});

const answerSchema = z.object({ status: z.optional(z.number()), headers: z.optional(z.instanceof(Headers)) });

/** What the server answered, when it did: a broken connection and a stream that ended early have no status. */
function answerIn(error: unknown): z.infer<typeof answerSchema> {
  const parsed = answerSchema.safeParse(error);
  return parsed.success ? parsed.data : {};
}

const PASSING: ReadonlySet<number> = new Set([408, 409, 429]);
const KEY: ReadonlySet<number> = new Set([401, 402, 403]);

function faultOf(error: unknown): ModelFault {
  const { status } = answerIn(error);
  const said = (error instanceof Error ? error.message : String(error)).slice(0, 300);
  if (status === undefined || PASSING.has(status) || status >= 500) {
    return new ModelFault('model.unavailable', `The model does not answer just now (${said}).`);
  }
  const atDesk = 'with `errand setup` at the desktop.';
  if (KEY.has(status))
    return new ModelFault('model.key', `The model provider refused the key or the account. Check it ${atDesk}`);
  if (status === 404)
    return new ModelFault('model.unknown', `The model provider does not know this model. Choose another ${atDesk}`);
  return new ModelFault('model.rejected', `The model provider rejected the request (${said}).`);
}

/** Milliseconds: what the server asked for, else doubling from half a second. */
function delayBefore(error: unknown, attempt: number): number {
  const header = answerIn(error).headers?.get('retry-after');
  const asked = header ? Number(header) * 1000 : Number.NaN;
  return Math.min(LONGEST_DELAY_MS, Number.isFinite(asked) ? asked : FIRST_DELAY_MS * 2 ** (attempt - 1));
}
