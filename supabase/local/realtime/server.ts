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
/** Bytes kept for a client that reads slower than it is told things. A poke has a hundred; whoever is cut off pulls. */
const mostUnread = 256 * 1024;

type Options = ChannelDeps & {
  /** Seconds without a word or a pong, or without a channel, after which a socket is dropped, at least 8. Clients send a heartbeat every 25 s. */
  silence?: number | undefined;
};

export async function createRealtime({ silence = 60, ...deps }: Options): Promise<Realtime> {
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
      idleTimeout: silence,
      maxPayloadLength: 256 * 1024,
      backpressureLimit: mostUnread,
      closeOnBackpressureLimit: true,
      open: (socket) => {
        socket.data.connection = new Connection({
          deps,
          version: socket.data.version,
          patience: silence * 1000,
          send: (text) => void socket.send(text),
          end: () => socket.terminate(),
        });
        connections.add(socket.data.connection);
      },
      // Binary frames are client broadcasts only, which are never allowed here: see connection.ts.
      message: (socket, text) => (typeof text === 'string' ? socket.data.connection?.receive(text) : undefined),
      close: ({ data: { connection } }) => {
        if (connection) connections.delete(connection);
        connection?.over();
      },
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
