import { join } from 'node:path';
import { createRelay } from '../../../edge/relay/create-relay.ts';
import type { StackOptions } from '../../../supabase/local/stack.ts';
import { testStack, type TestStack } from '../../support/stack.ts';

export const dist = join(import.meta.dirname, '..', '..', '..', 'mobile', 'dist');

/** The embedded stack with the relay in it, serving the built app. */
export async function appStack({
  relayClock = Date.now,
  ...options
}: Partial<StackOptions> & { relayClock?: () => number } = {}): Promise<TestStack> {
  const stopping = new AbortController();
  const background = new Set<Promise<void>>();
  const stack = await testStack({
    staticDir: dist,
    ...options,
    functions: ({ fetch, rpc, ...env }) => {
      const relay = createRelay(env, {
        fetch,
        rpc,
        log: () => undefined,
        clock: relayClock,
        waitUntil: (work) => void background.add(work),
        signal: stopping.signal,
      });
      return { relay: (request) => relay.fetch(request) };
    },
  });
  return {
    ...stack,
    stop: async () => {
      stopping.abort();
      await Promise.all(background);
      await stack.stop();
    },
  };
}
