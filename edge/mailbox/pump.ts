/** After a run: again by itself after so many milliseconds, or only when kicked; or not before a pause is over, whoever kicks. */
export type Next = number | { readonly pauseMs: number } | undefined;

/** The relay's own word on when to come again must be kept; else so many milliseconds. */
export const nextAfter = ({ retryAfter }: { retryAfter: number | undefined }, ms: number): Next =>
  retryAfter === undefined ? ms : { pauseMs: retryAfter * 1000 };

/** The kicks that come during a run. A run that heeds one does itself what the kick asks for: no other run follows for it. */
export interface Kicks {
  /** Resolves when there is one to heed. */
  readonly came: () => Promise<void>;
  /** Whether there was one. It is heeded with this. */
  readonly heed: () => boolean;
}

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
  work: (kicks: Kicks) => Promise<Next>;
  setTimer: (run: () => void, ms: number) => () => void;
}): Pump {
  let running: Promise<void> | undefined;
  let again = false;
  let wake = (): void => undefined;
  let stopped = false;
  let pausing = false;
  let cancelTimer: (() => void) | undefined;

  async function run(): Promise<void> {
    do {
      again = false;
      plan(await options.work({ came, heed }));
    } while (again && !stopped && !pausing);
    running = undefined;
  }
  function plan(next: Next): void {
    if (stopped || next === undefined) return;
    if (typeof next === 'object') {
      pausing = true;
      cancelTimer = options.setTimer(endPause, next.pauseMs);
    } else if (!again) cancelTimer = options.setTimer(kick, next);
  }
  function endPause(): void {
    pausing = false;
    kick();
  }
  function kick(): void {
    if (stopped || pausing) return;
    cancelTimer?.();
    cancelTimer = undefined;
    if (!running) {
      running = run();
      return;
    }
    again = true;
    wake();
  }
  const came = (): Promise<void> => (again ? Promise.resolve() : new Promise((resolve) => (wake = resolve)));
  function heed(): boolean {
    const was = again && !stopped;
    again = false;
    return was;
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
