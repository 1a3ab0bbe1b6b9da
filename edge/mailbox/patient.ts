type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Milliseconds until the head of an answer to a request that is nothing to send, and between two pieces of its body. */
const HEAD = 25_000;
const STILL = 25_000;
/** Bytes a millisecond: as slow a line as the relay itself waits for. */
const SLOWEST = 3;

/**
 * Gives up on a network that takes everything and answers nothing, as behind a connection whose other end is gone: a request that
 * never ends would hold up all that come after it. A slow one is waited for as long as it goes on.
 */
export const patient =
  (fetch: Fetch, { head = HEAD, still = STILL } = {}): Fetch =>
  async (input, init) => {
    const giveUp = new AbortController();
    const within = (ms: number) => setTimeout(() => giveUp.abort(), ms);
    const timer = within(head + bytesOf(init?.body) / SLOWEST);
    const signal = init?.signal ? AbortSignal.any([giveUp.signal, init.signal]) : giveUp.signal;
    try {
      const response = await fetch(input, { ...init, signal });
      return response.body
        ? new Response(
            watched(response.body, () => within(still)),
            response,
          )
        : response;
    } finally {
      clearTimeout(timer);
    }
  };

/** Starts a timer anew for each piece. */
function watched(body: ReadableStream<Uint8Array>, start: () => ReturnType<typeof setTimeout>): ReadableStream {
  let timer = start();
  const watch = new TransformStream<Uint8Array, Uint8Array>({
    transform: (piece, out) => {
      clearTimeout(timer);
      timer = start();
      out.enqueue(piece);
    },
    flush: () => clearTimeout(timer),
  });
  return body.pipeThrough(watch);
}

function bytesOf(body: unknown): number {
  if (typeof body === 'string') return body.length;
  return body instanceof Uint8Array ? body.byteLength : 0;
}
