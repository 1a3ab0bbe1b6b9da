import { connect, type Socket } from 'node:net';

/** A WebSocket client of Realtime without a library: it answers no pings, and reads only when told to. */
export interface RawSocket {
  /** Resolves when the other side has ended the connection. */
  readonly ended: Promise<void>;
  /** Bytes that came so far. */
  readonly received: () => number;
  send(text: string): void;
  stopReading(): void;
  goOnReading(): void;
  close(): void;
}

/** Opens `path` at `url` (http) and resolves when the server has agreed to speak WebSocket (RFC 6455, section 4.1). */
export async function rawSocket(url: string, path: string): Promise<RawSocket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let received = 0;
  const ended = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    socket.once('error', () => resolve());
  });
  const agreed = new Promise<void>((resolve) => socket.once('data', () => resolve()));
  socket.on('data', (bytes) => (received += bytes.length));
  socket.write(
    [
      `GET ${path} HTTP/1.1`,
      `host: ${hostname}:${port}`,
      'upgrade: websocket',
      'connection: Upgrade',
      'sec-websocket-version: 13',
      'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
      '\r\n',
    ].join('\r\n'),
  );
  await agreed;
  return {
    ended,
    received: () => received,
    send: (text) => send(socket, text),
    stopReading: () => void socket.pause(),
    goOnReading: () => void socket.resume(),
    close: () => void socket.destroy(),
  };
}

/** One text frame, masked with zeros (RFC 6455, section 5.2). */
function send(socket: Socket, text: string): void {
  const payload = Buffer.from(text);
  const size = payload.length;
  const head =
    size < 126
      ? Buffer.from([0x81, 0x80 | size])
      : size < 65_536
        ? Buffer.from([0x81, 0x80 | 126, size >> 8, size & 255])
        : Buffer.concat([Buffer.from([0x81, 0x80 | 127, 0, 0, 0, 0]), uint32(size)]);
  socket.write(Buffer.concat([head, Buffer.alloc(4), payload]));
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
