/**
 * Runs `work` one at a time: when kicked, and again after the delay it asks for. A kick during a run makes it run once more, so a
 * poke that arrives while pulling is never missed. `work` must not throw.
 */
export interface Pump {
  kick(): void;
  /** Resolves when no run is under way; nothing runs afterwards. */
  stop(): Promise<void>;
}

export function createPump(options: {
  /** Returns the milliseconds after which to run again by itself, or undefined to wait for a kick. */
  work: () => Promise<number | undefined>;
  setTimer: (run: () => void, ms: number) => () => void;
}): Pump {
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  let cancelTimer: (() => void) | undefined;

  async function run(): Promise<void> {
    do {
      again = false;
      const delay = await options.work();
      if (!again && !stopped && delay !== undefined) cancelTimer = options.setTimer(kick, delay);
    } while (again && !stopped);
    running = undefined;
  }
  function kick(): void {
    if (stopped) return;
    cancelTimer?.();
    cancelTimer = undefined;
    if (running) again = true;
    else running = run();
  }
  return {
    kick,
    stop: async () => {
      stopped = true;
      cancelTimer?.();
      await running;
    },
  };
}
