import type { Server, ServerWebSocket, WebSocketHandler } from 'bun';

/** What goes wrong on the line between a desktop and its relay; counted down, and never by itself. */
export interface LineFaults {
  /** So many answers to pulls are lost: what they carried is leased all the same. */
  pulls: number;
  /** So many answers to acks are lost. */
  acks: number;
  /** Nothing comes from the doorbell. */
  silent: boolean;
}

export interface Line {
  readonly faults: LineFaults;
  /** Answers that were lost so far. */
  readonly lost: { pulls: number; acks: number };
  stop(): Promise<void>;
}

interface Ends {
  readonly address: string;
  readonly waiting: (string | Uint8Array<ArrayBuffer>)[];
  upstream?: WebSocket;
}

const LOST = (): Response => new Response('the line is cut', { status: 502 });

/** A line to the stack at `to`: HTTP and the doorbell's socket go through it, with faults. It listens where it is told. */
export function faultyLine(to: string, unix?: string): Line & { readonly url: string } {
  const faults: LineFaults = { pulls: 0, acks: 0, silent: false };
  const lost = { pulls: 0, acks: 0 };

  function swallows(path: string): boolean {
    const what = path.endsWith('/inbox/ack') ? 'acks' : path.endsWith('/inbox/pull') ? 'pulls' : undefined;
    if (what === undefined || faults[what] === 0) return false;
    faults[what] -= 1;
    lost[what] += 1;
    return true;
  }
  async function forward(request: Request, path: string): Promise<Response> {
    const headers = new Headers(request.headers);
    for (const name of ['host', 'connection', 'accept-encoding', 'content-length']) headers.delete(name);
    const body = request.method === 'GET' ? undefined : await request.arrayBuffer();
    const answer = await fetch(to + path, { method: request.method, headers, ...(body && { body }) });
    const kept = new Headers(answer.headers);
    for (const name of ['content-encoding', 'content-length', 'transfer-encoding', 'connection']) kept.delete(name);
    const bytes = await answer.arrayBuffer();
    return swallows(path) ? LOST() : new Response(bytes, { status: answer.status, headers: kept });
  }
  const answer = async (request: Request, self: Server<Ends>): Promise<Response | undefined> => {
    const { pathname, search } = new URL(request.url);
    const address = to.replace(/^http/, 'ws') + pathname + search;
    if (request.headers.get('upgrade') && self.upgrade(request, { data: { address, waiting: [] } })) return undefined;
    return forward(request, pathname + search).catch(LOST);
  };
  const websocket: WebSocketHandler<Ends> = {
    open: (socket) => join(socket, faults),
    message: ({ data }, message) => {
      const words = typeof message === 'string' ? message : new Uint8Array(message);
      if (data.upstream?.readyState === WebSocket.OPEN) data.upstream.send(words);
      else data.waiting.push(words);
    },
    close: ({ data }) => data.upstream?.close(),
  };
  const server =
    unix === undefined
      ? Bun.serve<Ends>({ port: 0, fetch: answer, websocket })
      : Bun.serve<Ends>({ unix, fetch: answer, websocket });
  return { url: `http://127.0.0.1:${server.port}`, faults, lost, stop: () => server.stop(true) };
}

function join(socket: ServerWebSocket<Ends>, faults: LineFaults): void {
  const { data } = socket;
  const upstream = new WebSocket(data.address);
  data.upstream = upstream;
  upstream.onopen = () => data.waiting.splice(0).forEach((message) => upstream.send(message));
  upstream.onmessage = ({ data: message }) => {
    if (faults.silent && String(message).includes('poke')) return;
    socket.send(message);
  };
  upstream.onclose = () => socket.close();
}
