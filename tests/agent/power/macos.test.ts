import { describe, expect, test } from 'bun:test';
import { macosPowerSource } from '../../../agent/power/macos.ts';
import { recorded } from './recorded.ts';

const CLAMSHELL = 'ioreg -r -k AppleClamshellState -d 4';
const INPUT = 'ioreg -c IOHIDSystem -d 4';
const USERS = 'ioreg -n Root -d 1';
const BATTERY = 'pmset -g batt';

function clamshell({ closed, causesSleep }: { closed: string; causesSleep: string }): string {
  return `+-o IOPMrootDomain  <class IOPMrootDomain, id 0x10000020c, registered, matched, active, busy 0 (0 ms), retain 43>
    {
      "IOClass" = "IOPMrootDomain"
      "Supported Features" = {"AdaptiveDimming"=42008576,"DisplayDims"=17039361}
      "AppleClamshellState" = ${closed}
      "SleepDisabled" = No
      "AppleClamshellCausesSleep" = ${causesSleep}
      "IOSleepSupported" = Yes
    }
`;
}

const HID = `+-o Root  <class IORegistryEntry, id 0x100000100, retain 25>
  +-o J314sAP  <class IOPlatformExpertDevice, id 0x10000022b, registered, matched, active, busy 0 (27651 ms), retain 40>
    +-o IOHIDSystem  <class IOHIDSystem, id 0x100000443, registered, matched, active, busy 0 (1 ms), retain 18>
      | {
      |   "HIDIdleTime" = 4125789583
      |   "HIDParameters" = {"HIDClickTime"=500000000,"HIDIdleTimeDelta"=0}
      | }
`;

function consoleUsers(locked: string): string {
  return `+-o Root  <class IORegistryEntry, id 0x100000100, retain 25>
    {
      "IOConsoleLocked" = No
      "IOConsoleUsers" = ({"kCGSSessionOnConsoleKey"=Yes,"kSCSecuritySessionID"=100021,${locked}"kCGSSessionUserNameKey"="joe"})
    }
`;
}

const ON_BATTERY = `Now drawing from 'Battery Power'
 -InternalBattery-0 (id=23658595)	63%; discharging; 4:31 remaining present: true
`;
const ON_MAINS = `Now drawing from 'AC Power'
 -InternalBattery-0 (id=23658595)	100%; charged; 0:00 remaining present: true
`;
const DESKTOP_MAC = `Now drawing from 'AC Power'
`;

const MACBOOK = {
  [CLAMSHELL]: clamshell({ closed: 'No', causesSleep: 'Yes' }),
  [INPUT]: HID,
  [USERS]: consoleUsers(''),
  [BATTERY]: ON_BATTERY,
};

function read(changed: Record<string, string> = {}) {
  return macosPowerSource({ run: recorded({ ...MACBOOK, ...changed }), now: () => 0 }).read();
}

describe('what a Mac printed is understood', () => {
  test('a MacBook on battery with its lid open', async () => {
    expect(await read()).toEqual({
      lid: 'open',
      docked: false,
      idleMs: 4_125,
      sleeping: false,
      onAc: false,
      batteryPercent: 63,
      locked: false,
      gaps: [],
    });
  });

  test('the lid closed in a bag', async () => {
    const state = await read({ [CLAMSHELL]: clamshell({ closed: 'Yes', causesSleep: 'Yes' }) });
    expect(state).toMatchObject({ lid: 'closed', docked: false });
  });

  test('the lid closed at a desk, with a display and mains', async () => {
    const desk = { [CLAMSHELL]: clamshell({ closed: 'Yes', causesSleep: 'No' }), [BATTERY]: ON_MAINS };
    expect(await read(desk)).toMatchObject({
      lid: 'closed',
      docked: true,
      onAc: true,
      batteryPercent: 100,
    });
  });

  test('a locked screen', async () => {
    const users = { [USERS]: consoleUsers('"CGSSessionScreenIsLocked"=Yes,') };
    expect((await read(users)).locked).toBe(true);
  });

  test('a Mac without lid and battery: both unknown, with the reason', async () => {
    const state = await read({ [CLAMSHELL]: '', [BATTERY]: DESKTOP_MAC });
    expect(state).toMatchObject({ lid: 'unknown', onAc: true, batteryPercent: 'unknown' });
    expect(state.gaps).toContain('lid: this Mac reports no AppleClamshellState');
  });
});

test('programs that are missing leave everything unknown', async () => {
  const state = await macosPowerSource({ run: recorded({}), now: () => 0 }).read();
  expect(state.gaps).toHaveLength(6);
  expect(state.gaps).toContain('idleMs: ioreg: not found');
});
