import { afterEach, describe, expect, test } from 'bun:test';
import { type HelperEvents, startHelper } from '../../../agent/power/helper.ts';
import { linuxPowerSource } from '../../../agent/power/linux.ts';
import type { PowerSource } from '../../../agent/power/power-source.ts';
import { startDisplay, type VirtualDisplay } from '../../support/display.ts';
import { until } from '../../support/until.ts';

const TIMEOUT_MS = 60_000;
const NO_BUS = { DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nonexistent/bus' };

const stops: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function display(): Promise<VirtualDisplay> {
  const started = await startDisplay();
  stops.push(() => started.stop());
  return started;
}

/** Two seconds pass from reading to reading. Counts how many helpers were started, and keeps why they ended. */
function sourceOn(env: Record<string, string>) {
  const ends: string[] = [];
  let starts = 0;
  let time = 0;
  const source: PowerSource = linuxPowerSource({
    env: { ...NO_BUS, ...env },
    uid: 0,
    bun: process.execPath,
    now: () => time,
    startHelper: (program, on) => {
      starts += 1;
      const end: HelperEvents['end'] = (why) => {
        ends.push(why);
        on.end(why);
      };
      return startHelper(program, { ...on, end });
    },
  });
  stops.push(() => source.close());
  return {
    ends,
    close: () => source.close(),
    starts: () => starts,
    read: () => {
      time += 2_000;
      return source.read();
    },
  };
}

describe('idle time on an X display', () => {
  test(
    'it grows while nobody touches the machine, and input sets it back',
    async () => {
      const { name, xdotool } = await display();
      const { read } = sourceOn({ DISPLAY: name });
      const idle = async () => (await read()).idleMs;
      await until(idle, (ms) => ms !== 'unknown' && ms > 800);
      await until(
        async () => {
          await xdotool('mousemove_relative', '3', '3');
          return idle();
        },
        (ms) => ms !== 'unknown' && ms < 800,
      );
    },
    TIMEOUT_MS,
  );

  test(
    'the display is killed: the helper goes with it, the source lives on and says unknown',
    async () => {
      const { name, stop } = await display();
      const { read, ends } = sourceOn({ DISPLAY: name });
      expect((await read()).idleMs).toBeNumber();
      await stop();
      const state = await until(
        () => read(),
        ({ idleMs }) => idleMs === 'unknown',
      );
      expect(state.gaps.join()).toContain('idleMs: the idle helper is gone');
      expect(ends).not.toBeEmpty();
    },
    TIMEOUT_MS,
  );

  test(
    'a display that never was: unknown, and the helper is tried again now and then, not at every reading',
    async () => {
      const { read, starts } = sourceOn({ DISPLAY: ':59999' });
      expect((await read()).idleMs).toBe('unknown');
      await read();
      await read();
      expect(starts()).toBe(1);
      await until(
        async () => (await read()) && starts(),
        (count) => count === 2,
      );
    },
    TIMEOUT_MS,
  );

  test('on Wayland the X display is not believed, so no helper is started', async () => {
    const { read, starts } = sourceOn({ DISPLAY: ':0', WAYLAND_DISPLAY: 'wayland-0' });
    expect((await read()).gaps.join()).toContain('Wayland');
    expect(starts()).toBe(0);
  });

  test(
    'closing the source ends the helper',
    async () => {
      const { name } = await display();
      const { read, close, ends } = sourceOn({ DISPLAY: name });
      await read();
      close();
      await until(
        () => ends,
        ({ length }) => length === 1,
      );
    },
    TIMEOUT_MS,
  );
});
