import type { ServerWebSocket } from 'bun';
import { randomBytes, randomUUID } from 'node:crypto';

/** A push message on its way from the product to the browser. */
export interface Delivered {
  readonly authorization: string;
  readonly encoding: string | null;
  readonly body: Buffer;
}

interface FromBrowser {
  messageType?: string;
  uaid?: string;
  channelID?: string;
}

/**
 * A push service that Firefox speaks to for real: the WebSocket protocol of Mozilla's autopush (hello, register, notification,
 * ack), and one HTTP address a subscription. It keeps what cannot be delivered while the browser is away, as a real one does.
 */
export interface Autopush {
  /** For the browser's preference `dom.push.serverURL`. */
  readonly url: string;
  readonly delivered: readonly Delivered[];
  stop(): void;
}

export function startAutopush(): Autopush {
  const channels = new Map<string, string>();
  const delivered: Delivered[] = [];
  const waiting: string[] = [];
  let socket: ServerWebSocket<undefined> | undefined;

  function deliver(message: object): void {
    const text = JSON.stringify(message);
    if (socket) socket.send(text);
    else waiting.push(text);
  }

  async function receive(request: Request, path: string): Promise<Response> {
    const channelID = channels.get(path);
    if (channelID === undefined) return new Response('', { status: 410 });
    const body = Buffer.from(await request.arrayBuffer());
    const encoding = request.headers.get('content-encoding');
    delivered.push({ authorization: request.headers.get('authorization') ?? '', encoding, body });
    const data = body.toString('base64url');
    deliver({ messageType: 'notification', channelID, version: randomUUID(), ttl: 60, data, headers: { encoding } });
    return new Response('', { status: 201, headers: { location: `${server.url.href}m/1` } });
  }

  function answer(ws: ServerWebSocket<undefined>, message: FromBrowser): void {
    if (message.messageType === 'hello') {
      const uaid = message.uaid || randomUUID().replaceAll('-', '');
      ws.send(JSON.stringify({ messageType: 'hello', status: 200, uaid, use_webpush: true, broadcasts: {} }));
      for (const text of waiting.splice(0)) ws.send(text);
    } else if (message.messageType === 'register') {
      const path = randomBytes(8).toString('hex');
      channels.set(path, message.channelID ?? '');
      const pushEndpoint = `${server.url.href}push/${path}`;
      ws.send(JSON.stringify({ messageType: 'register', channelID: message.channelID, status: 200, pushEndpoint }));
    } else if (message.messageType === 'unregister') {
      ws.send(JSON.stringify({ messageType: 'unregister', channelID: message.channelID, status: 200 }));
    }
  }

  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request, self) {
      const { pathname } = new URL(request.url);
      if (request.headers.get('upgrade') === 'websocket') {
        const headers = { 'Sec-WebSocket-Protocol': 'push-notification' };
        return self.upgrade(request, { headers, data: undefined }) ? undefined : new Response('', { status: 400 });
      }
      return receive(request, pathname.replace('/push/', ''));
    },
    websocket: {
      idleTimeout: 0,
      open: (ws: ServerWebSocket<undefined>) => void (socket = ws),
      message: (ws: ServerWebSocket<undefined>, text) => {
        if (String(text) === '{}') ws.send('{}');
        else answer(ws, JSON.parse(String(text)) as FromBrowser);
      },
      close: (ws: ServerWebSocket<undefined>) => {
        if (socket === ws) socket = undefined;
      },
    },
  });
  return { url: `ws://127.0.0.1:${server.port}/`, delivered, stop: () => void server.stop(true) };
}
