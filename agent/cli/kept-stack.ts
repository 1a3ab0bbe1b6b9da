import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Desk } from './command.ts';
import { endStack, findStack, type OwnStack, startStack, type StackWishes } from './own-stack.ts';

export type KeptStack = OwnStack & {
  /** Did this process start it? Then `end` ends it. */
  mine: boolean;
  end: () => Promise<void>;
};

const RETRY_MS = 2_000;

/** The stack that runs already, or one that is started now and again whenever it ends unasked. */
export async function keepStack(desk: Desk, wishes: StackWishes): Promise<KeptStack> {
  const found = findStack(desk);
  if (found !== undefined) return { ...found, mine: false, end: () => Promise.resolve() };
  const { stack, child } = await startStack(desk, wishes);
  const { port } = new URL(stack.url);
  let ending = false;

  function watch(running: ChildProcess): void {
    // Code 0: it was asked to end, here or with `errand quit`.
    running.on('exit', (code) => void (code === 0 || ending || again()));
  }
  async function again(): Promise<void> {
    wishes.say('The relay ended unexpectedly and is started again.');
    while (!ending) {
      const next = await startStack(desk, { ...wishes, port }).catch(() => undefined);
      if (next !== undefined) return watch(next.child);
      await sleep(RETRY_MS);
    }
  }

  watch(child);
  return {
    ...stack,
    mine: true,
    end: () => {
      ending = true;
      return endStack(desk);
    },
  };
}
