import { describe, expect, test } from 'bun:test';
import { explainSleepTimers, readSleepTimers } from '../../../agent/power/sleep-timers.ts';
import { recorded } from './recorded.ts';

const GNOME = 'gsettings get org.gnome.settings-daemon.plugins.power';
const LID =
  'busctl get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager HandleLidSwitch';
const UBUNTU = {
  [`${GNOME} sleep-inactive-ac-timeout`]: '3600\n',
  [`${GNOME} sleep-inactive-ac-type`]: "'nothing'\n",
  [`${GNOME} sleep-inactive-battery-timeout`]: 'uint32 1200\n',
  [`${GNOME} sleep-inactive-battery-type`]: "'suspend'\n",
  [LID]: 's "suspend"\n',
};

const PMSET = `Battery Power:
 Sleep On Power Button 1
 lowpowermode         0
 standby              1
 ttyskeepawake        1
 hibernatemode        3
 disksleep            10
 sleep                1
 displaysleep         2
AC Power:
 Sleep On Power Button 1
 womp                 1
 disksleep            10
 sleep                0 (sleep prevented by powerd, coreaudiod)
 displaysleep         10
`;

const IDLE = 'powercfg /q SCHEME_CURRENT SUB_SLEEP STANDBYIDLE';
const LIDACTION = 'powercfg /q SCHEME_CURRENT SUB_BUTTONS LIDACTION';
const GERMAN_WINDOWS = {
  [IDLE]: `GUID des Energieschemas: 381b4222-f694-41f0-9685-ff5bb260df2e  (Ausbalanciert)
  GUID der Untergruppe: 238c9fa8-0aad-41ed-83f4-97be242c8f20  (Energie sparen)
    GUID der Energieeinstellung: 29f6c1db-86da-48c5-9fdb-f2b67b1f44da  (Deaktivierung nach)
      Minimale mögliche Einstellung: 0x00000000
      Maximale mögliche Einstellung: 0xffffffff
      Inkrement der möglichen Einstellungen: 0x00000001
      Einheiten der möglichen Einstellungen: Sekunden
    Index der aktuellen Wechselstromeinstellung: 0x00000708
    Index der aktuellen Gleichstromeinstellung: 0x0000003c
`,
  [LIDACTION]: `    Power Setting GUID: 5ca83367-6e45-459f-a27b-476b1d01c936  (Lid close action)
      GUID Alias: LIDACTION
      Possible Setting Index: 000
      Possible Setting Friendly Name: Do nothing
    Current AC Power Setting Index: 0x00000000
    Current DC Power Setting Index: 0x00000003
`,
};

describe('the sleep timers that were recorded', () => {
  test('on Ubuntu with GNOME: never on mains, 20 minutes on battery, the lid sleeps', async () => {
    const timers = await readSleepTimers({ platform: 'linux', run: recorded(UBUNTU) });
    expect(timers).toEqual({ onMainsMinutes: 0, onBatteryMinutes: 20, lid: 'sleeps' });
  });

  test.each<[string, 'stays-awake' | 'turns-off' | 'sleeps']>([
    ['ignore', 'stays-awake'],
    ['lock', 'stays-awake'],
    ['poweroff', 'turns-off'],
    ['suspend-then-hibernate', 'sleeps'],
  ])('logind that does "%s" when the lid closes', async (action, lid) => {
    const run = recorded({ ...UBUNTU, [LID]: `s "${action}"\n` });
    expect((await readSleepTimers({ platform: 'linux', run })).lid).toBe(lid);
  });

  test('on a MacBook: never on mains, one minute on battery', async () => {
    const run = recorded({ 'pmset -g custom': PMSET });
    const timers = await readSleepTimers({ platform: 'darwin', run });
    expect(timers).toEqual({ onMainsMinutes: 0, onBatteryMinutes: 1, lid: 'sleeps' });
  });

  test('on a Windows that speaks German: 30 minutes and 1 minute, the lid turns it off on battery', async () => {
    const timers = await readSleepTimers({ platform: 'win32', run: recorded(GERMAN_WINDOWS) });
    expect(timers).toEqual({ onMainsMinutes: 30, onBatteryMinutes: 1, lid: 'turns-off' });
  });

  test.each(['linux', 'darwin', 'win32', 'freebsd'])(
    'on %s without any of the programs: unknown, no error',
    async (platform) => {
      const timers = await readSleepTimers({ platform, run: recorded({}) });
      expect(Object.values(timers)).toEqual([undefined, undefined, undefined]);
    },
  );
});

describe('what they mean is said in plain words', () => {
  test('a computer that sleeps', () => {
    expect(explainSleepTimers({ onMainsMinutes: 0, onBatteryMinutes: 1, lid: 'sleeps' })).toEqual([
      'On mains power, this computer never falls asleep by itself: errands start at once.',
      'On battery, this computer falls asleep after 1 minute without input. A running errand keeps it awake; one sent while it sleeps waits until it wakes.',
      'Closing the lid puts it to sleep: errands wait until the lid is opened.',
    ]);
  });

  test('what is unknown is not claimed, and there is always something to say', () => {
    const unknown = { onMainsMinutes: undefined, onBatteryMinutes: undefined, lid: undefined };
    expect(explainSleepTimers(unknown)).toEqual([
      'When this computer sleeps could not be read. Errands sent while it sleeps wait until it wakes.',
    ]);
    expect(explainSleepTimers({ ...unknown, onMainsMinutes: 30 })).toHaveLength(1);
  });
});
