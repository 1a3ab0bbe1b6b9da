import type { Server, WebSocketHandler } from 'bun';
import { findCaller, presented } from '../caller.ts';
import type { ChannelDeps } from './channel.ts';
import { Connection } from './connection.ts';
import { listenForMessages } from './doorbell.ts';
import type { Version } from './frames.ts';

export type SocketData = { version: Version; connection?: Connection };

export type Realtime = {
  /** Undefined: the request became a socket. */
  upgrade: (request: Request, server: Server<SocketData>) => Promise<Response | undefined>;
  websocket: WebSocketHandler<SocketData>;
  stop: () => Promise<void>;
};

const expireEveryMs = 5_000;

export async function createRealtime(deps: ChannelDeps): Promise<Realtime> {
  const connections = new Set<Connection>();
  const unlisten = await listenForMessages(deps.admin, (message) => {
    if (message.private) for (const connection of connections) connection.deliver(message);
  });
  const expiring = setInterval(() => {
    for (const connection of connections) connection.expire();
  }, expireEveryMs);

  return {
    upgrade: (request, server) => upgrade(deps, request, server),
    websocket: {
      // Clients send a heartbeat every 25 s.
      idleTimeout: 60,
      maxPayloadLength: 256 * 1024,
      open: (socket) => {
        socket.data.connection = new Connection({
          deps,
          version: socket.data.version,
          send: (text) => void socket.send(text),
        });
        connections.add(socket.data.connection);
      },
      // Binary frames are client broadcasts only, which are never allowed here: see connection.ts.
      message: (socket, text) => (typeof text === 'string' ? socket.data.connection?.receive(text) : undefined),
      close: ({ data }) => void (data.connection && connections.delete(data.connection)),
    },
    stop: async () => {
      clearInterval(expiring);
      await unlisten();
    },
  };
}

async function upgrade(deps: ChannelDeps, request: Request, server: Server<SocketData>): Promise<Response | undefined> {
  const query = new URL(request.url).searchParams;
  const apiKey = query.get('apikey') ?? presented(request.headers).apiKey;
  const caller = await findCaller({ apiKey, bearer: undefined }, deps.keys, deps.clock);
  if (caller.kind === 'refused') return Response.json({ message: 'Invalid API key' }, { status: 401 });
  const version = query.get('vsn')?.startsWith('2') ? 2 : 1;
  if (server.upgrade(request, { data: { version } })) return undefined;
  return Response.json({ message: 'This address speaks WebSocket only.' }, { status: 426 });
}
