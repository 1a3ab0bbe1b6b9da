import type { MessageBus } from 'dbus-next';

export type BusCall = {
  destination: string;
  path: string;
  interface: string;
  member: string;
  signature?: string;
  body?: readonly unknown[];
};
export type BusReply = { ok: true; body: readonly unknown[] } | { ok: false; why: string };
export type BusSignal = { path: string; interface: string; member: string; body: readonly unknown[] };

export type SystemBus = {
  /** Must not throw, and answers within the time limit whatever the bus does. */
  call(message: BusCall): Promise<BusReply>;
  close(): void;
};

export type SystemBusOptions = {
  address: string;
  /** a match rule of the D-Bus specification */
  match: string;
  onSignal: (signal: BusSignal) => void;
  /** the connection broke: signals may be missed from now on */
  onLost: () => void;
  timeoutMs?: number;
};

type Connection = {
  bus: MessageBus;
  send(message: BusCall): Promise<BusReply>;
  broken: Promise<BusReply>;
};

function failed(cause: unknown): BusReply {
  return { ok: false, why: cause instanceof Error ? cause.message : String(cause) };
}

async function connect({ address, onSignal }: SystemBusOptions): Promise<Connection> {
  // Loaded here, because only Linux needs it.
  const { Message, MessageType, sessionBus } = await import('dbus-next');
  // The session bus's function is the only one of the library that takes an address.
  const bus = sessionBus({ busAddress: address });
  // Measured: without a bus dbus-next emits 'error', and calls that are pending then never settle.
  const broken = new Promise<BusReply>((resolve) => {
    bus.on('error', (error: unknown) => resolve(failed(error)));
  });
  bus.on('message', (message) => {
    if (message.type === MessageType.SIGNAL) onSignal(message);
  });
  return {
    bus,
    broken,
    async send({ body = [], ...message }) {
      const reply = await bus.call(new Message({ ...message, body: [...body] }));
      return { ok: true, body: reply?.body ?? [] };
    },
  };
}

function timeLimit(ms: number): { reached: Promise<BusReply>; clear(): void } {
  const { promise, resolve } = Promise.withResolvers<BusReply>();
  const timer = setTimeout(() => resolve(failed(`no answer within ${ms} ms`)), ms);
  return { reached: promise, clear: () => clearTimeout(timer) };
}

/**
 * A connection to the system bus that is made when it is first needed, and made anew after it broke. It calls by
 * message and not by dbus-next's proxies, which drop signals that the introspection does not list.
 */
export function systemBus(options: SystemBusOptions): SystemBus {
  const { match, onLost, timeoutMs = 2_000 } = options;
  let current: Promise<Connection> | undefined;
  let closed = false;

  async function open(): Promise<Connection> {
    const connection = await connect(options);
    void connection.broken.then(() => {
      current = undefined;
      connection.bus.disconnect();
      onLost();
    });
    const subscribed = connection.send({
      destination: 'org.freedesktop.DBus',
      path: '/org/freedesktop/DBus',
      interface: 'org.freedesktop.DBus',
      member: 'AddMatch',
      signature: 's',
      body: [match],
    });
    // A refused subscription leaves the polled facts, which are most of them.
    subscribed.catch(() => {});
    return connection;
  }

  function connected(): Promise<Connection> {
    if (current !== undefined) return current;
    const opening = open();
    current = opening;
    opening.catch(() => {
      current = undefined;
    });
    return opening;
  }

  async function attempt(message: BusCall): Promise<BusReply> {
    try {
      if (closed) return failed('the connection to the bus is closed');
      const connection = await connected();
      return await Promise.race([connection.send(message), connection.broken]);
    } catch (error) {
      return failed(error);
    }
  }

  return {
    async call(message) {
      const limit = timeLimit(timeoutMs);
      const reply = await Promise.race([attempt(message), limit.reached]);
      limit.clear();
      return reply;
    },
    close() {
      closed = true;
      void current?.then(({ bus }) => bus.disconnect()).catch(() => {});
    },
  };
}
