import type { Clock } from '../../agent/power/monitor.ts';

export type HandClock = Clock & {
  /** Lets time pass: everything due is called in its order, with the promises in between. */
  pass(ms: number): Promise<void>;
};

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A clock that moves only when told. It begins at `wall`. */
export function handClock(wall = 1_000_000): HandClock {
  let now = wall;
  let timers: { at: number; call: () => void }[] = [];
  return {
    wallMs: () => now,
    after(ms, then) {
      const timer = { at: now + ms, call: then };
      timers.push(timer);
      return () => void (timers = timers.filter((other) => other !== timer));
    },
    async pass(ms) {
      const end = now + ms;
      await settled();
      for (;;) {
        const [next] = timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers = timers.filter((other) => other !== next);
        now = next.at;
        next.call();
        await settled();
      }
      now = end;
      await settled();
    },
  };
}
