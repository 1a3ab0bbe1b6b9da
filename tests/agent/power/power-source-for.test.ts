import { expect, test } from 'bun:test';
import { startHelper } from '../../../agent/power/helper.ts';
import { powerSourceFor } from '../../../agent/power/power-source-for.ts';
import { runCommand } from '../../../agent/power/run-command.ts';

/** The real commands, of which this machine has at most its own. */
function sourceOn(platform: string) {
  return powerSourceFor({
    platform,
    env: { PATH: '/usr/bin:/bin', DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nonexistent/bus' },
    uid: 0,
    bun: process.execPath,
    run: async (command) => runCommand(`missing-${command}`, []),
    startHelper: (program, on) => startHelper({ ...program, command: 'missing-program' }, on),
    now: () => performance.now(),
  });
}

test.each(['linux', 'darwin', 'win32', 'plan9'])(
  'a source for %s answers on a machine that offers nothing: all unknown, a reason for each',
  async (platform) => {
    const source = sourceOn(platform);
    const state = await source.read();
    expect(state).toMatchObject({ lid: 'unknown', docked: 'unknown', idleMs: 'unknown' });
    expect(state).toMatchObject({ sleeping: false, onAc: 'unknown', locked: 'unknown' });
    expect(state.gaps).toHaveLength(6);
    source.close();
  },
  60_000,
);

test('a command that works gives its output, one that fails the reason', async () => {
  expect(await runCommand(process.execPath, ['-e', 'console.log("LID 1")'])).toEqual({
    ok: true,
    stdout: 'LID 1\n',
  });
  expect(await runCommand(process.execPath, ['-e', 'process.exit(3)'])).toMatchObject({ ok: false });
});
