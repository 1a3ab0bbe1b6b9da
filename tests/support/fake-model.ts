/*
 * A server that speaks as much of the Messages API as the real SDK needs, and says what it was told to. Which turn comes next follows
 * from the conversation it is sent, not from how often it was asked: an agent that restarts finds it where it was.
 */

export type FakeBlock =
  | { type: 'text'; text: string }
  | { type: 'thinking'; thinking: string }
  /** `json` replaces the input's own text, to send what is no JSON. */
  | { type: 'tool_use'; name: string; input: unknown; json?: string; id?: string };

export type FakeTurn =
  | { say: readonly FakeBlock[]; stop?: string }
  /** An error answer. */
  | { status: number; headers?: Record<string, string>; said?: string }
  /** An answer of exactly these bytes. */
  | { raw: string; type?: string }
  /** Words without end. */
  | { flood: string }
  /** The connection ends in the middle of these blocks. */
  | { cut: readonly FakeBlock[] }
  /** Nothing comes until the client goes away. */
  | { hang: true }
  /** Nothing comes before this is settled. */
  | { after: Promise<unknown>; play: FakeTurn };

/** A turn, or what happens on the first, second… try of it. The last try stays. */
export type FakeStep = FakeTurn | readonly FakeTurn[];

export interface FakeRequest {
  readonly model: string;
  readonly system: unknown;
  readonly messages: readonly { role: string; content: unknown }[];
  readonly tools: readonly { name: string }[];
  readonly headers: Readonly<Record<string, string>>;
}

export interface FakeModel {
  readonly url: string;
  readonly requests: readonly FakeRequest[];
  /** Another script from now on. */
  play(script: Script): void;
  stop(): Promise<void>;
}

/** One step for each of the model's turns; or a choice of them by the request, for several tasks. */
export type Script = readonly FakeStep[] | ((request: FakeRequest) => readonly FakeStep[]);

export const text = (words: string): FakeTurn => ({ say: [{ type: 'text', text: words }] });
export const call = (name: string, input: unknown): FakeTurn => ({ say: [{ type: 'tool_use', name, input }] });

/** All words of the first message: what the task was, and what came before it in its thread. */
export function taskText(request: FakeRequest): string {
  const content = request.messages[0]?.content;
  if (typeof content === 'string') return content;
  return (content as { text?: string }[]).map((block) => block.text ?? '').join('\n');
}

export function startFakeModel(first: Script = []): FakeModel {
  let script = first;
  const requests: FakeRequest[] = [];
  const tries = new Map<string, number>();

  function turnFor(request: FakeRequest): FakeTurn {
    const steps = typeof script === 'function' ? script(request) : script;
    const index = request.messages.filter(({ role }) => role === 'assistant').length;
    const step = steps[index] ?? text('The script is over.');
    if (!isTries(step)) return step;
    const key = `${taskText(request)} ${index}`;
    const tried = tries.get(key) ?? 0;
    tries.set(key, tried + 1);
    return step[Math.min(tried, step.length - 1)] ?? text('An empty step.');
  }
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      if (new URL(request.url).pathname !== '/v1/messages' || request.method !== 'POST') return failure(404);
      const body = (await request.json()) as Omit<FakeRequest, 'headers'>;
      const asked = { ...body, headers: Object.fromEntries(request.headers) };
      requests.push(asked);
      let turn = turnFor(asked);
      const id = requests.length;
      while ('after' in turn) {
        await turn.after;
        turn = turn.play;
      }
      return answer(turn, { id, model: body.model });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    requests,
    play: (next) => {
      script = next;
      tries.clear();
    },
    stop: () => server.stop(true),
  };
}

interface About {
  readonly id: number;
  readonly model: string;
}

const isTries = (step: FakeStep): step is readonly FakeTurn[] => Array.isArray(step);

const failure = (status: number, headers: Record<string, string> = {}, message = `answered ${status}`): Response =>
  Response.json({ type: 'error', error: { type: 'api_error', message } }, { status, headers });

/** An error that is told in the middle of an answer. */
export const errorFrame = (type: string): string =>
  frame('error', { error: { type, message: `an ${type} in the middle` } });

/** The beginning of an answer, for what comes after it to be wrong. */
export const beginning = (): string => opening({ id: 1, model: 'claude-test' }).join('');

/** Goes on until the client goes away. */
function endless(words: string, about: About): ReadableStream {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const more = bytes(frame('content_block_delta', { index: 0, delta: { type: 'text_delta', text: words } }));
  return new ReadableStream({
    start: (to) => {
      to.enqueue(bytes(opening(about).join('')));
      to.enqueue(bytes(frame('content_block_start', { index: 0, content_block: { type: 'text', text: '' } })));
    },
    pull: (to) => to.enqueue(more),
  });
}

function answer(turn: Exclude<FakeTurn, { after: unknown }>, about: About): Response {
  if ('status' in turn) return failure(turn.status, turn.headers, turn.said);
  if ('raw' in turn) return new Response(turn.raw, { headers: { 'content-type': turn.type ?? 'text/event-stream' } });
  const headers = { 'content-type': 'text/event-stream' };
  if ('hang' in turn) return new Response(new ReadableStream(), { headers });
  if ('flood' in turn) return new Response(endless(turn.flood, about), { headers });
  return new Response(framesFor(turn, about).join(''), { headers });
}

function framesFor(turn: Extract<FakeTurn, { say: unknown } | { cut: unknown }>, about: About): string[] {
  const whole = 'say' in turn;
  const blocks = whole ? turn.say : turn.cut;
  const stop = (whole && turn.stop) || (blocks.some(({ type }) => type === 'tool_use') ? 'tool_use' : 'end_turn');
  const frames = [...opening(about), ...blocks.flatMap((block, index) => framesOf(block, { ...about, index }))];
  if (whole) frames.push(...closing(stop));
  else frames.splice(-1);
  return frames;
}

const frame = (type: string, data: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;

const opening = ({ id, model }: { id: number; model: string }): string[] => [
  frame('message_start', {
    message: {
      id: `msg_${id}`,
      type: 'message',
      role: 'assistant',
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 10, output_tokens: 1 },
    },
  }),
];

const closing = (stop: string): string[] => [
  frame('message_delta', { delta: { stop_reason: stop, stop_sequence: null }, usage: { output_tokens: 20 } }),
  frame('message_stop', {}),
];

function framesOf(block: FakeBlock, { id, index }: { id: number; index: number }): string[] {
  const delta = (content: object): string => frame('content_block_delta', { index, delta: content });
  const parts = (words: string): string[] => words.match(/[\s\S]{1,15}/g) ?? [];
  const wrap = (start: object, deltas: readonly string[]): string[] => [
    frame('content_block_start', { index, content_block: start }),
    ...deltas,
    frame('content_block_stop', { index }),
  ];
  switch (block.type) {
    case 'text':
      return wrap(
        { type: 'text', text: '' },
        parts(block.text).map((part) => delta({ type: 'text_delta', text: part })),
      );
    case 'thinking':
      return wrap({ type: 'thinking', thinking: '', signature: '' }, [
        delta({ type: 'thinking_delta', thinking: block.thinking }),
        delta({ type: 'signature_delta', signature: `signed ${block.thinking}` }),
      ]);
    case 'tool_use':
      return wrap(
        { type: 'tool_use', id: block.id ?? `toolu_${id}_${index}`, name: block.name, input: {} },
        parts(block.json ?? JSON.stringify(block.input)).map((part) =>
          delta({ type: 'input_json_delta', partial_json: part }),
        ),
      );
  }
}
