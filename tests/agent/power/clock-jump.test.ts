import { expect, test } from 'bun:test';
import { clockJumpDetector } from '../../../agent/power/clock-jump.ts';

const HOUR = 3_600_000;

test('a clock that ticks on time, or a little late, has not jumped', () => {
  const jumpAt = clockJumpDetector({ tickMs: 500 });
  expect([0, 500, 1_000, 9_000, 28_000].map(jumpAt)).toEqual([0, 0, 0, 0, 0]);
});

test('an hour of sleep is seen once, at the first tick after it', () => {
  const jumpAt = clockJumpDetector({ tickMs: 500 });
  expect([0, 500, HOUR + 1_000, HOUR + 1_500].map(jumpAt)).toEqual([0, 0, HOUR, 0]);
});

test('a clock set back by an hour is seen too', () => {
  const jumpAt = clockJumpDetector({ tickMs: 500 });
  expect([2 * HOUR, HOUR + 500, HOUR + 1_000].map(jumpAt)).toEqual([0, -HOUR, 0]);
});
