import { describe, expect, test } from 'bun:test';
import { readFile } from 'node:fs/promises';
import { windowsPowerSource } from '../../../agent/power/windows.ts';
import { scriptedHelper } from './recorded.ts';

const LAPTOP = ['LID 1', 'IDLE 15', 'AC 0', 'BATTERY 63', 'DOCKED 0'];

function bench() {
  let time = 0;
  const helper = scriptedHelper();
  const source = windowsPowerSource({ startHelper: helper.start, now: () => time });
  return {
    source,
    helper,
    pass: (ms: number) => {
      time += ms;
    },
  };
}

describe('the Windows helper', () => {
  test('its lines are the state; the carriage returns of Windows do no harm', async () => {
    const { source, helper } = bench();
    helper.say(...LAPTOP.map((line) => `${line}\r`));
    expect(await source.read()).toEqual({
      lid: 'open',
      docked: false,
      idleMs: 15,
      sleeping: false,
      onAc: false,
      batteryPercent: 63,
      locked: 'unknown',
      gaps: ['locked: the lock state of Windows cannot be read yet'],
    });
  });

  test('a closed lid and sleep are seen, and their end', async () => {
    const { source, helper } = bench();
    helper.say(...LAPTOP, 'LID 0', 'SLEEP 1');
    expect(await source.read()).toMatchObject({ lid: 'closed', sleeping: true });
    helper.say('SLEEP 0', 'LID 1');
    expect(await source.read()).toMatchObject({ lid: 'open', sleeping: false });
  });

  test('a line it was not meant to say changes nothing', async () => {
    const { source, helper } = bench();
    helper.say(...LAPTOP, 'LID', 'LID closed', 'At line:1 char:1', '', 'MOON 1');
    expect(await source.read()).toMatchObject({ lid: 'open', idleMs: 15 });
  });

  test('a PC without a lid never says one: unknown', async () => {
    const { source, helper } = bench();
    helper.say('IDLE 15', 'AC 1');
    expect(await source.read()).toMatchObject({ lid: 'unknown', batteryPercent: 'unknown', onAc: true });
  });

  test('before its first line, and after ten silent seconds, all is unknown', async () => {
    const { source, helper, pass } = bench();
    expect((await source.read()).idleMs).toBe('unknown');
    helper.say(...LAPTOP);
    pass(10_001);
    expect(await source.read()).toMatchObject({ lid: 'unknown', idleMs: 'unknown' });
  });

  test('when it ends all is unknown, and after a while it is started again', async () => {
    const { source, helper, pass } = bench();
    helper.say(...LAPTOP, 'LID 0');
    helper.end('powershell.exe ended (1)');
    const state = await source.read();
    expect(state).toMatchObject({ lid: 'unknown' });
    expect(state.gaps).toContain('idleMs: powershell.exe ended (1)');
    expect(helper.starts).toHaveLength(1);
    pass(15_000);
    await source.read();
    expect(helper.starts).toHaveLength(2);
    helper.say('LID 1');
    expect((await source.read()).lid).toBe('open');
  });

  test('is PowerShell with the script beside the driver, and is closed with the source', async () => {
    const { source, helper } = bench();
    const [program] = helper.starts;
    expect(program?.command).toBe('powershell.exe');
    const script = await readFile(program?.args.at(-1) ?? '', 'utf8');
    expect(script).toContain('BA3E0F4D-B817-4094-A2D1-D56379E6A0F3');
    source.close();
    expect(helper.closes()).toBe(1);
  });
});
