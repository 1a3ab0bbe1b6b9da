import { relayClient, type RelayClient } from '../../edge/mailbox/relay-client.ts';
import { createRelay, type Relay, type RelayOptions } from '../../edge/relay/create-relay.ts';
import type { LogEntry } from '../../edge/relay/deps.ts';
import { testStack, type TestStack } from './stack.ts';

export interface RelayStack extends TestStack {
  /** The relay in this process; paths begin with `/relay`. */
  readonly relay: Relay;
  readonly logged: readonly LogEntry[];
  /** Resolves when work after responses is done. */
  settled(): Promise<void>;
  /** A client without a session, or with the access token that `token` answers. */
  client(token?: () => Promise<string | undefined>): RelayClient;
  /** One request to the relay, with the publishable key unless told otherwise. */
  request(path: string, init?: RequestInit): Promise<Response>;
}

type Options = RelayOptions & { env?: Record<string, string> };

/** The relay on a whole embedded stack with the product's migrations. */
export async function relayStack({ env: more = {}, ...options }: Options = {}): Promise<RelayStack> {
  const made: Relay[] = [];
  const logged: LogEntry[] = [];
  const background = new Set<Promise<void>>();
  const stopping = new AbortController();
  const stack = await testStack({
    functions: ({ fetch, rpc, ...env }) => {
      const relay = createRelay(
        { ...env, ...more },
        {
          fetch,
          rpc,
          log: (entry) => void logged.push(entry),
          waitUntil: (work) => void background.add(work),
          signal: stopping.signal,
          ...options,
        },
      );
      made.push(relay);
      return { relay: (request) => relay.fetch(request) };
    },
  });
  const [relay] = made;
  if (!relay) throw new Error('the stack made no relay');
  const { url, publishableKey } = stack;
  const inProcess = (path: string, init?: RequestInit): Promise<Response> => relay.fetch(new Request(path, init));
  return {
    ...stack,
    relay,
    logged,
    settled: async () => void (await Promise.all(background)),
    stop: async () => {
      stopping.abort();
      await Promise.all(background);
      await stack.stop();
    },
    client: (token = () => Promise.resolve(undefined)) =>
      relayClient({ url: `${url}/relay`, publishableKey, fetch: inProcess, token }),
    request: (path, init) =>
      inProcess(`${url}/relay${path}`, {
        ...init,
        headers: { apikey: publishableKey, ...Object.fromEntries(new Headers(init?.headers)) },
      }),
  };
}
