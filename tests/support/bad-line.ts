import { connect, createServer, type Socket } from 'node:net';

/** A line to a server that breaks on demand, below HTTP. */
export interface BadLine {
  /** The server's address through this line. */
  readonly url: string;
  /** Ends every connection; new ones are refused for as long as the line is down. */
  setUp(up: boolean): void;
  /** Takes what is sent and delivers it, but nothing comes back and nothing ends, until it is mended. */
  setDeaf(deaf: boolean): void;
  /** The next answers are lost on the way with their connections: the server has acted, the client does not know. */
  loseAnswers(count: number): void;
  stop(): Promise<void>;
}

export async function startBadLine(target: string): Promise<BadLine> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let up = true;
  let deaf = false;
  let toLose = 0;

  function hold(socket: Socket): void {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A cut connection is what this is for.
    socket.on('error', () => socket.destroy());
  }
  const server = createServer((near) => {
    hold(near);
    if (!up) return void near.destroy();
    const far = connect(Number(port), hostname);
    hold(far);
    near.on('data', (bytes) => far.write(bytes));
    far.on('data', (bytes) => {
      if (toLose > 0) {
        toLose -= 1;
        near.destroy();
        far.destroy();
      } else if (!deaf) near.write(bytes);
    });
    near.on('close', () => far.destroy());
    far.on('close', () => {
      if (!deaf) near.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the line has no port');
  const cut = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    url: `http://127.0.0.1:${address.port}`,
    setUp: (now) => {
      up = now;
      if (!up) cut();
    },
    setDeaf: (now) => {
      deaf = now;
      // What was swallowed cannot be made good.
      if (!deaf) cut();
    },
    loseAnswers: (count) => {
      toLose = count;
    },
    stop: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
