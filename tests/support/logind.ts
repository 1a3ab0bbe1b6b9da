import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Message, type MessageBus, sessionBus, Variant } from 'dbus-next';

const LOGIND = { destination: 'org.freedesktop.login1', path: '/org/freedesktop/login1' };
const UPOWER = { destination: 'org.freedesktop.UPower', path: '/org/freedesktop/UPower' };
const DISPLAY_DEVICE = { ...UPOWER, path: '/org/freedesktop/UPower/devices/DisplayDevice' };
const MANAGER = 'org.freedesktop.login1.Manager';
const MOCK = 'org.freedesktop.DBus.Mock';
const SESSION = 'c1';

export type Inhibitor = { what: string; who: string; why: string; mode: string };

/** A system bus of its own with a mocked logind and UPower (python-dbusmock): one session at a seat, lid open, on mains. */
export type FakeLogind = {
  /** for processes that are to use this bus as the system bus */
  env: { DBUS_SYSTEM_BUS_ADDRESS: string };
  setLid(closed: boolean): Promise<void>;
  setDocked(docked: boolean): Promise<void>;
  setLocked(locked: boolean): Promise<void>;
  /** true: sleep is announced; false: the machine is awake again */
  prepareForSleep(sleeping: boolean): Promise<void>;
  setOnBattery(onBattery: boolean): Promise<void>;
  setBatteryPercent(percent: number): Promise<void>;
  inhibitors(): Promise<Inhibitor[]>;
  /** stops the bus under whoever uses it, with everything on it */
  stop(): Promise<void>;
};

type Call = { destination: string; path: string; interface: string; member: string };
type Arguments = { signature: string; body: unknown[] };

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

async function startBus(address: string): Promise<ChildProcess> {
  const daemon = spawn(
    'dbus-daemon',
    ['--session', '--nofork', '--nopidfile', '--print-address=1', `--address=${address}`],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  for await (const _ of createInterface({ input: daemon.stdout })) return daemon;
  throw new Error('dbus-daemon did not start');
}

function startMock(template: string, address: string): ChildProcess {
  return spawn('/usr/bin/python3', ['-m', 'dbusmock', '--system', '--template', template], {
    env: { PATH: '/usr/bin:/bin', DBUS_SYSTEM_BUS_ADDRESS: address },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function caller(bus: MessageBus) {
  return async (call: Call, args?: Arguments): Promise<unknown[]> => {
    const reply = await bus.call(new Message({ ...call, ...args }));
    return reply?.body ?? [];
  };
}

async function nameIsOwned(bus: MessageBus, name: string): Promise<void> {
  const call: Call = {
    destination: 'org.freedesktop.DBus',
    path: '/org/freedesktop/DBus',
    interface: 'org.freedesktop.DBus',
    member: 'NameHasOwner',
  };
  for (;;) {
    const [owned] = await caller(bus)(call, { signature: 's', body: [name] });
    if (owned === true) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A folder for the bus's socket. A path, because abstract sockets need a native module that dbus-next may not have. */
async function newAddress(): Promise<string> {
  return `unix:path=${join(await mkdtemp(join(tmpdir(), 'logind-')), 'bus')}`;
}

/** `at` starts it again where one that was stopped has been. */
export async function startLogind(at?: string): Promise<FakeLogind> {
  const address = at ?? (await newAddress());
  const folder = dirname(address.slice('unix:path='.length));
  await mkdir(folder, { recursive: true });
  const daemon = await startBus(address);
  const mocks = [startMock('logind', address), startMock('upower', address)];
  const bus = sessionBus({ busAddress: address });
  // Stopping the daemon breaks this connection too.
  bus.on('error', () => {});
  const call = caller(bus);

  type Where = { destination: string; path: string };
  const mock = (where: Where, member: string, args: Arguments) => call({ ...where, interface: MOCK, member }, args);
  const update = async (where: Where, iface: string, values: Record<string, Variant>) => {
    await mock(where, 'UpdateProperties', { signature: 'sa{sv}', body: [iface, values] });
  };
  const manager = (name: string, value: boolean) => update(LOGIND, MANAGER, { [name]: new Variant('b', value) });

  await Promise.all([nameIsOwned(bus, LOGIND.destination), nameIsOwned(bus, UPOWER.destination)]);
  // The template knows neither of them.
  for (const name of ['LidClosed', 'Docked']) {
    const body = [MANAGER, name, new Variant('b', false)];
    await mock(LOGIND, 'AddProperty', { signature: 'ssv', body });
  }
  const { uid, username } = userInfo();
  const session = [SESSION, 'seat0', uid, username, true];
  await mock(LOGIND, 'AddSession', { signature: 'ssusb', body: session });
  const battery = (values: Record<string, Variant>) => update(DISPLAY_DEVICE, 'org.freedesktop.UPower.Device', values);
  await battery({ IsPresent: new Variant('b', true), Percentage: new Variant('d', 80) });

  return {
    env: { DBUS_SYSTEM_BUS_ADDRESS: address },
    setLid: (closed) => manager('LidClosed', closed),
    setDocked: (docked) => manager('Docked', docked),
    setLocked: (locked) =>
      update({ ...LOGIND, path: `${LOGIND.path}/session/${SESSION}` }, 'org.freedesktop.login1.Session', {
        LockedHint: new Variant('b', locked),
      }),
    async prepareForSleep(sleeping) {
      const body = [MANAGER, 'PrepareForSleep', 'b', [new Variant('b', sleeping)]];
      await mock(LOGIND, 'EmitSignal', { signature: 'sssav', body });
    },
    setOnBattery: (onBattery) => update(UPOWER, UPOWER.destination, { OnBattery: new Variant('b', onBattery) }),
    setBatteryPercent: (percent) => battery({ Percentage: new Variant('d', percent) }),
    async inhibitors() {
      const [list] = await call({ ...LOGIND, interface: MANAGER, member: 'ListInhibitors' });
      const rows = list as [string, string, string, string, number, number][];
      return rows.map(([what, who, why, mode]) => ({ what, who, why, mode }));
    },
    async stop() {
      bus.disconnect();
      for (const child of [...mocks, daemon]) await ended(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
