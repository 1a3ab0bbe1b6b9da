import { clockJumpDetector } from './clock-jump.ts';
import { type Activity, decidePower, type PowerDecision, type PowerSettings } from './decide-power.ts';
import type { PowerSource, PowerState } from './power-source.ts';

/** logind before version 256 does not signal the lid, so it is asked; half a second keeps the two-second promise. */
const POLL_MS = 500;

export type Clock = {
  /** time of day, in milliseconds */
  wallMs(): number;
  /** calls back once, after `ms`; the answer cancels it */
  after(ms: number, then: () => void): () => void;
};

export type PowerWatch = {
  source: PowerSource;
  clock: Clock;
  pollMs?: number;
  /** asked at every poll, so that a switch set on the phone counts at once */
  circumstances(): { settings: PowerSettings; activity: Activity };
  /**
   * At every poll, because what was decided last may be out of date: a switch is obeyed between two polls. Must not throw.
   */
  onDecision(decision: PowerDecision, state: PowerState): void;
  /** the machine slept, or its clock was set; must not throw */
  onClockJump?(jumpMs: number): void;
};

export type PowerMonitor = {
  /** what was read last; undefined before the first reading */
  latest(): PowerState | undefined;
  /** closes the source too */
  close(): void;
};

/** Polls never overlap: the next one is set when the last one has been answered. */
export function watchPower(watch: PowerWatch): PowerMonitor {
  const { source, clock, pollMs = POLL_MS } = watch;
  const jumpAt = clockJumpDetector({ tickMs: pollMs });
  let state: PowerState | undefined;
  let closed = false;
  let cancel = () => {};

  async function poll(): Promise<void> {
    const jumpMs = jumpAt(clock.wallMs());
    if (jumpMs !== 0) watch.onClockJump?.(jumpMs);
    const reading = await source.read();
    if (closed) return;
    state = reading;
    const decision = decidePower({ state: reading, ...watch.circumstances() });
    cancel = clock.after(pollMs, () => void poll());
    watch.onDecision(decision, reading);
  }

  void poll();
  return {
    latest: () => state,
    close() {
      closed = true;
      cancel();
      source.close();
    },
  };
}
