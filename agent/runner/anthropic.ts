import type { Anthropic } from '@anthropic-ai/sdk';
import type { ContentBlockParam, MessageParam, Tool } from '@anthropic-ai/sdk/resources/messages';
import { EndlessAnswer, faultOf } from './model-fault.ts';
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
/** A longer wait is the task's own: it parks, and the phone is told until when. */
const LONGEST_DELAY_MS = 20_000;
/** Without a word. A provider sends one every few seconds; a model on the desk may think this long before its first. */
const SILENCE_MS = { provider: 300_000, desk: 1_200_000 };
/** Characters of one answer. What MAX_TOKENS can say is far less. */
const MAX_ANSWER = 5_000_000;

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
  const { apiKey, baseUrl, model } = options;
  const load = async (): Promise<Anthropic> => {
    const sdk = await import('@anthropic-ai/sdk');
    return new sdk.Anthropic({
      apiKey: apiKey ?? 'none',
      baseURL: baseUrl ?? null,
      maxRetries: 0,
      // It would log pieces of answers.
      logLevel: 'off',
      openTelemetry: false,
    });
  };
  return {
    name: model,
    async next(request) {
      if (apiKey === undefined && baseUrl === undefined) {
        throw new ModelFault(
          'model.key',
          'There is no key for the model. Put one in with `errand setup` at the desktop.',
        );
      }
      const client = await (loading ??= load());
      for (let attempt = 1; ; attempt++) {
        try {
          return await oneTurn({ client, options, request });
        } catch (error) {
          request.signal.throwIfAborted();
          const fault = faultOf(error, baseUrl);
          const delay = delayBefore(attempt, fault);
          if (fault.code !== 'model.unavailable' || attempt >= TRIES || delay > LONGEST_DELAY_MS) throw fault;
          await options.wait(delay, request.signal);
        }
      }
    },
  };
}

interface Turn {
  readonly client: Anthropic;
  readonly options: AnthropicOptions;
  readonly request: ModelRequest;
}

async function oneTurn(turn: Turn): Promise<Reply> {
  const { options, request } = turn;
  const cut = new AbortController();
  const over = new AbortController();
  const heard = { events: 0 };
  const ms = options.baseUrl === undefined ? SILENCE_MS.provider : SILENCE_MS.desk;
  void cutWhenSilent({ wait: options.wait, ms, heard, cut, over: over.signal });
  try {
    return await listen(turn, { signal: AbortSignal.any([request.signal, cut.signal]), ms, heard, cut });
  } catch (error) {
    throw cut.signal.aborted ? cut.signal.reason : error;
  } finally {
    over.abort();
  }
}

/** A server that took the request and says nothing any more would hold the task for ever. */
async function cutWhenSilent(options: {
  wait: AnthropicOptions['wait'];
  ms: number;
  heard: { readonly events: number };
  cut: AbortController;
  over: AbortSignal;
}): Promise<void> {
  const { wait, ms, heard, cut, over } = options;
  try {
    for (let before = -1; before !== heard.events;) {
      before = heard.events;
      await wait(ms, over);
    }
    cut.abort(new EndlessAnswer(`said nothing for ${ms / 60_000} minutes`));
  } catch {
    // The turn is over.
  }
}

async function listen(
  { client, options, request }: Turn,
  { signal, ms, heard, cut }: { signal: AbortSignal; ms: number; heard: { events: number }; cut: AbortController },
): Promise<Reply> {
  const stream = client.messages.stream(
    {
      model: options.model,
      max_tokens: MAX_TOKENS,
      system: request.system,
      messages: request.messages.map(messageParam),
      tools: request.tools.map(toolParam),
      ...(options.baseUrl === undefined && { cache_control: { type: 'ephemeral' } }),
    },
    { signal, timeout: ms },
  );
  const inputs = new Map<number, string>();
  let length = 0;
  stream.on('text', (_delta, whole) => request.onText(whole));
  stream.on('streamEvent', (event) => {
    heard.events++;
    if (event.type !== 'content_block_delta') return;
    length += JSON.stringify(event.delta).length;
    if (length > MAX_ANSWER) cut.abort(new EndlessAnswer('gave an answer that has no end'));
    if (event.delta.type !== 'input_json_delta') return;
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

/** Milliseconds: what the server asked for, else doubling from half a second. */
const delayBefore = (attempt: number, { afterMs }: ModelFault): number =>
  afterMs ?? FIRST_DELAY_MS * 2 ** (attempt - 1);
