import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { answerLineSchema, type Notice, type Reply, type Request } from './messages.ts';

export type ControlClient = {
  /** Must not throw: a supervisor that ends is the error `supervisor.gone`. */
  call(request: Request): Promise<Reply>;
  /** Notices arrive after a call of `attach`. */
  onNotice(listener: (notice: Notice) => void): void;
  closed: Promise<void>;
  close(): void;
};

const GONE: Reply = {
  is: 'error',
  code: 'supervisor.gone',
  message: 'The agent ended before it answered. Start it again with `errand up`.',
};

function parseLine(line: string) {
  try {
    return answerLineSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function clientOn(socket: Socket): ControlClient {
  const waiting = new Map<number, (reply: Reply) => void>();
  const listeners: ((notice: Notice) => void)[] = [];
  let next = 1;
  let open = true;
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      open = false;
      for (const answer of waiting.values()) answer(GONE);
      waiting.clear();
      resolve();
    });
  });
  const lines = createInterface({ input: socket });
  // The lines pass the socket's error on as their own; 'close' follows.
  lines.on('error', () => {});
  lines.on('line', (line) => {
    const said = parseLine(line);
    if (said === undefined) return;
    if ('notice' in said) return listeners.forEach((listener) => listener(said.notice));
    waiting.get(said.id)?.(said.reply);
    waiting.delete(said.id);
  });
  return {
    call: (request) =>
      new Promise((resolve) => {
        if (!open) return resolve(GONE);
        const id = next++;
        waiting.set(id, resolve);
        socket.write(`${JSON.stringify({ id, request })}\n`);
      }),
    onNotice: (listener) => void listeners.push(listener),
    closed,
    close: () => socket.destroy(),
  };
}

/** Undefined when no supervisor listens there. */
export function connectControl(address: string): Promise<ControlClient | undefined> {
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.once('connect', () => resolve(clientOn(socket)));
    // Before the connection: nobody is there. After it: 'close' follows.
    socket.on('error', () => resolve(undefined));
  });
}
