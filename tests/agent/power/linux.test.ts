import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { createServer } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { startHelper } from '../../../agent/power/helper.ts';
import { linuxPowerSource } from '../../../agent/power/linux.ts';
import type { PowerSource } from '../../../agent/power/power-source.ts';
import { type FakeLogind, startLogind } from '../../support/logind.ts';
import { until } from '../../support/until.ts';

const TIMEOUT_MS = 60_000;

const open: PowerSource[] = [];
afterEach(() => {
  for (const source of open.splice(0)) source.close();
});

/** `now` leaps by a minute at each look, so that nothing is remembered for long. */
function sourceOn(env: Record<string, string>): PowerSource {
  let time = 0;
  const source = linuxPowerSource({
    env,
    uid: userInfo().uid,
    bun: process.execPath,
    startHelper,
    now: () => (time += 60_000),
  });
  open.push(source);
  return source;
}

describe('with logind and UPower on the system bus', () => {
  let logind: FakeLogind;
  beforeAll(async () => {
    logind = await startLogind();
  }, TIMEOUT_MS);
  afterAll(() => logind.stop());

  test('the first reading is complete, but for the idle time without a display', async () => {
    const state = await sourceOn(logind.env).read();
    expect(state).toEqual({
      lid: 'open',
      docked: false,
      idleMs: 'unknown',
      sleeping: false,
      onAc: true,
      batteryPercent: 80,
      locked: false,
      gaps: ['idleMs: there is no display'],
    });
  });

  test('the lid is seen at the next reading, both ways', async () => {
    const source = sourceOn(logind.env);
    await logind.setLid(true);
    expect((await source.read()).lid).toBe('closed');
    await logind.setLid(false);
    expect((await source.read()).lid).toBe('open');
  });

  test('an external display is seen', async () => {
    const source = sourceOn(logind.env);
    await logind.setDocked(true);
    expect((await source.read()).docked).toBe(true);
    await logind.setDocked(false);
  });

  test('sleep that is announced is seen, and its end', async () => {
    const source = sourceOn(logind.env);
    await source.read();
    await logind.prepareForSleep(true);
    await until(
      () => source.read(),
      ({ sleeping }) => sleeping,
    );
    await logind.prepareForSleep(false);
    await until(
      () => source.read(),
      ({ sleeping }) => !sleeping,
    );
  });

  test('the lock of our own session at a seat is seen', async () => {
    const source = sourceOn(logind.env);
    await logind.setLocked(true);
    await until(
      () => source.read(),
      ({ locked }) => locked === true,
    );
    await logind.setLocked(false);
    await until(
      () => source.read(),
      ({ locked }) => locked === false,
    );
  });

  test('the power cord and the battery are seen', async () => {
    const source = sourceOn(logind.env);
    await logind.setOnBattery(true);
    await logind.setBatteryPercent(12);
    await until(
      () => source.read(),
      ({ onAc, batteryPercent }) => onAc === false && batteryPercent === 12,
    );
    await logind.setOnBattery(false);
    await logind.setBatteryPercent(80);
  });
});

describe('without a bus', () => {
  test('a source that was closed answers unknown and connects to nothing', async () => {
    const source = sourceOn({ DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nonexistent/bus' });
    source.close();
    expect((await source.read()).gaps).toContain('lid: the connection to the bus is closed');
  });

  test('no socket at all: every fact is unknown, with the reason', async () => {
    const address = 'unix:path=/nonexistent/bus';
    const state = await sourceOn({ DBUS_SYSTEM_BUS_ADDRESS: address }).read();
    expect(state).toMatchObject({ lid: 'unknown', docked: 'unknown', onAc: 'unknown' });
    expect(state.sleeping).toBe(false);
    expect(state.gaps).toHaveLength(6);
  });

  test.each(['nonsense', 'unix:', 'spoken:word=yes'])(
    'an address that is none (%p): unknown, no error',
    async (address) => {
      const state = await sourceOn({ DBUS_SYSTEM_BUS_ADDRESS: address }).read();
      expect(state.lid).toBe('unknown');
    },
  );

  test(
    'a bus that accepts and never answers: unknown when the time is up',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'mute-'));
      const path = join(folder, 'bus');
      const mute = createServer(() => {});
      await new Promise<void>((resolve) => mute.listen(path, resolve));
      const source = sourceOn({ DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${path}` });
      const state = await source.read();
      expect(state.gaps).toContain('lid: no answer within 2000 ms');
      source.close();
      mute.close();
      await rm(folder, { recursive: true });
    },
    TIMEOUT_MS,
  );

  test(
    'a bus that goes away under it: unknown, and known again on a bus that comes back',
    async () => {
      const first = await startLogind();
      const source = sourceOn(first.env);
      await source.read();
      await first.prepareForSleep(true);
      await until(
        () => source.read(),
        ({ sleeping }) => sleeping,
      );
      await first.stop();
      await until(
        () => source.read(),
        ({ lid, sleeping }) => lid === 'unknown' && !sleeping,
      );
      const second = await startLogind(first.env.DBUS_SYSTEM_BUS_ADDRESS);
      await second.setLid(true);
      const state = await until(
        () => source.read(),
        ({ lid }) => lid !== 'unknown',
      );
      expect(state).toMatchObject({ lid: 'closed', sleeping: false });
      await second.stop();
    },
    TIMEOUT_MS,
  );
});
