import { describe, expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startHelper } from '../../../agent/power/helper.ts';
import { keepAwake } from '../../../agent/power/keep-awake.ts';
import { startLogind } from '../../support/logind.ts';
import { until } from '../../support/until.ts';
import { scriptedHelper } from './recorded.ts';

const POWER = fileURLToPath(new URL('../../../agent/power', import.meta.url));
const TIMEOUT_MS = 60_000;

function scripted(platform: string) {
  const helper = scriptedHelper();
  const awake = keepAwake({ platform, startHelper: helper.start, env: {}, pid: 4711 });
  return { helper, awake };
}

test(
  'on Linux logind lists the lease while it is held, and no longer after its release',
  async () => {
    const logind = await startLogind();
    const env = { PATH: '/usr/bin:/bin', ...logind.env };
    const awake = keepAwake({ platform: 'linux', startHelper, env, pid: process.pid });
    const lease = awake.acquire('summarising 3 files');
    expect(await lease.held).toEqual({ held: true });
    expect(await logind.inhibitors()).toEqual([
      { what: 'idle:sleep', who: 'Errand', why: 'summarising 3 files', mode: 'block' },
    ]);
    lease.release();
    lease.release();
    await until(
      () => logind.inhibitors(),
      ({ length }) => length === 0,
    );
    await logind.stop();
  },
  TIMEOUT_MS,
);

test(
  'an agent that is killed leaves no lease behind',
  async () => {
    const logind = await startLogind();
    const program = `
      import { startHelper } from '${POWER}/helper.ts';
      import { keepAwake } from '${POWER}/keep-awake.ts';
      const { PATH, DBUS_SYSTEM_BUS_ADDRESS } = process.env;
      const env = { PATH, DBUS_SYSTEM_BUS_ADDRESS };
      keepAwake({ platform: 'linux', startHelper, env, pid: process.pid }).acquire('a task');
    `;
    const agent = spawn(process.execPath, ['-e', program], {
      env: { PATH: '/usr/bin:/bin', ...logind.env },
      stdio: 'ignore',
    });
    await until(
      () => logind.inhibitors(),
      ({ length }) => length === 1,
    );
    agent.kill('SIGKILL');
    await until(
      () => logind.inhibitors(),
      ({ length }) => length === 0,
    );
    await logind.stop();
  },
  TIMEOUT_MS,
);

test(
  'without logind the lease says that it is not held, and why',
  async () => {
    const env = { PATH: '/usr/bin:/bin', DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nonexistent/bus' };
    const awake = keepAwake({ platform: 'linux', startHelper, env, pid: process.pid });
    const lease = awake.acquire('a task');
    expect(await lease.held).toEqual({ held: false, why: 'systemd-inhibit ended (1)' });
    lease.release();
  },
  TIMEOUT_MS,
);

test(
  'a system without systemd-inhibit is an answer, not an error',
  async () => {
    const env = { PATH: '/nonexistent' };
    const awake = keepAwake({ platform: 'linux', startHelper, env, pid: process.pid });
    const lease = awake.acquire('a task');
    expect((await lease.held).held).toBe(false);
    lease.release();
  },
  TIMEOUT_MS,
);

describe('on other systems', () => {
  test('macOS: caffeinate against idle sleep, bound to the life of the agent', async () => {
    const { helper, awake } = scripted('darwin');
    const lease = awake.acquire('a task');
    helper.begin();
    expect(await lease.held).toEqual({ held: true });
    expect(helper.starts).toMatchObject([{ command: 'caffeinate', args: ['-i', '-w', '4711'] }]);
    lease.release();
    expect(helper.closes()).toBe(1);
  });

  test('Windows: held when the helper says so, not held when it was refused', async () => {
    const { helper, awake } = scripted('win32');
    const lease = awake.acquire('a task');
    helper.begin();
    helper.say('held\r');
    expect(await lease.held).toEqual({ held: true });
    const second = awake.acquire('a task');
    helper.say('refused\r');
    expect((await second.held).held).toBe(false);
  });

  test('an unknown system cannot be kept awake', async () => {
    const { helper, awake } = scripted('plan9');
    const lease = awake.acquire('a task');
    expect(await lease.held).toEqual({ held: false, why: 'plan9 cannot be kept awake' });
    lease.release();
    expect(helper.starts).toEqual([]);
  });
});
