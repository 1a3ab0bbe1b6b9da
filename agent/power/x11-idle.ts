import { fileURLToPath } from 'node:url';
import type { StartHelper } from './helper.ts';
import { lastingHelper } from './lasting-helper.ts';
import { type Fact, known, unknown } from './power-source.ts';

const CHILD = fileURLToPath(new URL('./x11-idle-child.ts', import.meta.url));

export type X11Idle = { read(): Promise<Fact<number>>; close(): void };

export type X11IdleOptions = {
  startHelper: StartHelper;
  env: Readonly<Record<string, string | undefined>>;
  /** the program that runs the child: Bun */
  bun: string;
  /** monotonic, in milliseconds */
  now: () => number;
  timeoutMs?: number;
};

/** Milliseconds since the last input on the X display, asked of a child process. Must not throw, must not hang. */
export function x11Idle({ startHelper, env, bun, now, timeoutMs = 2_000 }: X11IdleOptions): X11Idle {
  let waiting: ((fact: Fact<number>) => void)[] = [];
  const answer = (fact: Fact<number>) => {
    const all = waiting;
    waiting = [];
    for (const resolve of all) resolve(fact);
  };
  const child = lastingHelper({
    start: (on) => startHelper({ command: bun, args: [CHILD], env }, on),
    now,
    line: (text) => answer(/^\d+$/.test(text) ? known(Number(text)) : unknown('the idle helper is not understood')),
    end: (why) => answer(unknown(`the idle helper is gone: ${why}`)),
  });

  return {
    async read() {
      const found = child.get();
      if (!found.up) return unknown(`the idle helper is gone: ${found.why}`);
      const { promise, resolve } = Promise.withResolvers<Fact<number>>();
      const timer = setTimeout(() => resolve(unknown('the display does not answer')), timeoutMs);
      waiting.push(resolve);
      found.helper.send('idle');
      const fact = await promise;
      clearTimeout(timer);
      return fact;
    },
    close: () => child.close(),
  };
}
