/** Well above any pause of a busy machine, well below any sleep worth noticing. */
const JUMP_MS = 20_000;

/**
 * Finds sleep on every system without asking it: timers stand still while the machine sleeps, its wall clock does not.
 * Call it at every tick of a timer; `wallMs` is the time of day. Answers how far the clock went beyond the tick
 * (negative: it was set back), or 0.
 */
export function clockJumpDetector({ tickMs }: { tickMs: number }): (wallMs: number) => number {
  let last: number | undefined;
  return (wallMs) => {
    const jump = last === undefined ? 0 : wallMs - last - tickMs;
    last = wallMs;
    return Math.abs(jump) > JUMP_MS ? jump : 0;
  };
}
