import { describe, expect, test } from 'bun:test';
import type { PowerDecision } from '../../../agent/power/decide-power.ts';
import { type Clock, watchPower } from '../../../agent/power/monitor.ts';
import { known, type PowerFacts, type PowerSource } from '../../../agent/power/power-source.ts';
import { somePower } from './some-power.ts';

const SETTINGS = { lid: true, idle: true, idleMinutes: 30, stay: false };
const ACTIVITY = { runningTask: false, lastWordFromPhoneMs: Infinity, stoppedByOwner: false };
const CLOSED: Partial<PowerFacts> = { lid: known('closed') };

/** A machine and a clock that move only when told. */
function bench() {
  let wall = 0;
  let next: { ms: number; call: () => void } | undefined;
  let power: Partial<PowerFacts> = {};
  let closes = 0;
  const settings = { ...SETTINGS };
  const decisions: PowerDecision[] = [];
  const jumps: number[] = [];
  const clock: Clock = {
    wallMs: () => wall,
    after(ms, then) {
      next = { ms, call: then };
      return () => {
        next = undefined;
      };
    },
  };
  const source: PowerSource = {
    read: async () => somePower(power),
    close: () => {
      closes += 1;
    },
  };
  const monitor = watchPower({
    source,
    clock,
    circumstances: () => ({ settings, activity: ACTIVITY }),
    onDecision: (decision) => {
      if (!Bun.deepEquals(decision, decisions.at(-1))) decisions.push(decision);
    },
    onClockJump: (jump) => jumps.push(jump),
  });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return {
    monitor,
    decisions,
    jumps,
    settings,
    settled,
    closes: () => closes,
    waits: () => next?.ms,
    poll: async (change: Partial<PowerFacts> = {}, lateMs = 0) => {
      await settled();
      power = change;
      wall += (next?.ms ?? 0) + lateMs;
      next?.call();
      await settled();
    },
  };
}

describe('the power monitor', () => {
  test('says its first decision at once and repeats none that has not changed', async () => {
    const { decisions, poll, settled } = bench();
    await settled();
    expect(decisions).toEqual([{ run: true }]);
    await poll();
    await poll();
    expect(decisions).toEqual([{ run: true }]);
  });

  test('says each change, and a change of reason too', async () => {
    const { decisions, poll } = bench();
    await poll(CLOSED);
    await poll({ ...CLOSED, sleeping: true });
    await poll();
    expect(decisions).toEqual([
      { run: true },
      { run: false, why: 'lid-closed' },
      { run: false, why: 'asleep' },
      { run: true },
    ]);
  });

  test('obeys a switch that changes while the machine does not', async () => {
    const { decisions, poll, settings } = bench();
    await poll(CLOSED);
    settings.lid = false;
    await poll(CLOSED);
    expect(decisions.at(-1)).toEqual({ run: true });
  });

  test('polls every half second, and tells when the clock jumped', async () => {
    const { jumps, poll, waits } = bench();
    await poll();
    expect(waits()).toBe(500);
    expect(jumps).toEqual([]);
    await poll({}, 3_600_000);
    expect(jumps).toEqual([3_600_000]);
  });

  test('keeps what it read last for those who ask', async () => {
    const { monitor, poll } = bench();
    expect(monitor.latest()).toBeUndefined();
    await poll(CLOSED);
    expect(monitor.latest()?.lid).toBe('closed');
  });

  test('is silent once closed, even about a reading under way, and closes its source', async () => {
    const { monitor, decisions, waits, settled, closes } = bench();
    monitor.close();
    await settled();
    expect(decisions).toEqual([]);
    expect(waits()).toBeUndefined();
    expect(closes()).toBe(1);
  });
});
