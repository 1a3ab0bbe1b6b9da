import type { Helper, HelperEvents } from './helper.ts';

/** A display or a service that went away may come back, but not within a second. */
const AGAIN_AFTER_MS = 15_000;

export type LastingHelper = {
  /** the helper, started if it must be; or why there is none just now */
  get(): { up: true; helper: Helper } | { up: false; why: string };
  close(): void;
};

/** Starts a helper when it is first needed, and again when it is needed some time after it ended. */
export function lastingHelper(options: {
  start: (on: HelperEvents) => Helper;
  /** monotonic, in milliseconds */
  now: () => number;
  line: (text: string) => void;
  end?: (why: string) => void;
}): LastingHelper {
  const { start, now, line } = options;
  let current: Helper | undefined;
  let gone: { why: string; at: number } | undefined;
  let closed = false;

  function end(why: string): void {
    current = undefined;
    gone = { why, at: now() };
    options.end?.(why);
  }

  return {
    get() {
      if (closed) return { up: false, why: 'closed' };
      if (current === undefined && gone !== undefined && now() - gone.at < AGAIN_AFTER_MS) {
        return { up: false, why: gone.why };
      }
      current ??= start({ line, end });
      return { up: true, helper: current };
    },
    close() {
      closed = true;
      current?.close();
    },
  };
}
