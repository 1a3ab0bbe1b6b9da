import { chmodSync, renameSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { callFrameSchema, type NoticeFrame, type ReplyFrame, type RequestFrame } from './frames.ts';

export type ControlServer = {
  /** to every attached terminal */
  broadcast(notice: NoticeFrame): void;
  close(): Promise<void>;
};

export type Terminal = {
  /** it hears every notice from now on */
  attach(): void;
  tell(notice: NoticeFrame): void;
  isOpen(): boolean;
};

export type ControlServerOptions = {
  address: string;
  platform: string;
  /** Must not throw. */
  handle: (request: RequestFrame, terminal: Terminal) => Promise<ReplyFrame>;
};

function parseCall(line: string) {
  try {
    return callFrameSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/**
 * One JSON object a line. Only this owner may connect: the data folder is 0700 and the socket 0600. The caller holds the data
 * folder's lock, so a socket that is already there belongs to a supervisor that was killed.
 */
export async function serveControl({ address, platform, handle }: ControlServerOptions): Promise<ControlServer> {
  const sockets = new Set<Socket>();
  const attached = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const say = (words: unknown) => void (socket.writable && socket.write(`${JSON.stringify(words)}\n`));
    const terminal: Terminal = {
      attach: () => void attached.add(socket),
      tell: (notice) => say({ notice }),
      isOpen: () => sockets.has(socket),
    };
    const lines = createInterface({ input: socket });
    lines.on('line', (line) => {
      const call = parseCall(line);
      if (call === undefined) return socket.destroy();
      void handle(call.request, terminal).then((reply) => say({ id: call.id, reply }));
    });
    // A terminal that was closed in the middle of a sentence; 'close' follows. The lines pass the socket's error on as their own.
    socket.on('error', () => {});
    lines.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      attached.delete(socket);
    });
  });
  const isFile = platform !== 'win32';
  await (isFile ? listenPrivately(server, address) : listening(server, address));
  return {
    broadcast(notice) {
      const line = `${JSON.stringify({ notice })}\n`;
      for (const socket of attached) socket.write(line);
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.end();
      await closed;
      if (isFile) rmSync(address, { force: true });
    },
  };
}

/** A socket is made with the mode that the umask gives: it gets its name only once it is private. */
async function listenPrivately(server: Server, address: string): Promise<void> {
  // no longer than the address, which may be as long as a socket's may be
  const unnamed = join(dirname(address), 'control.new');
  rmSync(unnamed, { force: true });
  await listening(server, unnamed);
  chmodSync(unnamed, 0o600);
  renameSync(unnamed, address);
}

function listening(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
