import { z } from 'zod/mini';
import type { StartHelper } from './helper.ts';
import { type Fact, known, mapFact, type PowerSource, powerState, unknown } from './power-source.ts';
import { remembered } from './remembered.ts';
import { type SystemBus, systemBus } from './system-bus.ts';
import { x11Idle } from './x11-idle.ts';

const SYSTEM_BUS = 'unix:path=/var/run/dbus/system_bus_socket';
const LOGIND = { destination: 'org.freedesktop.login1', path: '/org/freedesktop/login1' };
const MANAGER = 'org.freedesktop.login1.Manager';
const SESSION = 'org.freedesktop.login1.Session';
const UPOWER = { destination: 'org.freedesktop.UPower', path: '/org/freedesktop/UPower' };
const BATTERY = { ...UPOWER, path: '/org/freedesktop/UPower/devices/DisplayDevice' };
const PREPARE_FOR_SLEEP = `type='signal',sender='org.freedesktop.login1',interface='${MANAGER}',member='PrepareForSleep'`;

const Variant = z.tuple([z.object({ value: z.unknown() })]);
/** `ListSessions`: id, uid, user name, seat, object path */
const Sessions = z.tuple([z.array(z.tuple([z.string(), z.number(), z.string(), z.string(), z.string()]))]);

export type LinuxOptions = {
  env: Readonly<Record<string, string | undefined>>;
  uid: number;
  startHelper: StartHelper;
  /** the program that runs helper children: Bun */
  bun: string;
  /** monotonic, in milliseconds */
  now: () => number;
};

type Property<T> = {
  of: { destination: string; path: string };
  interface: string;
  name: string;
  schema: z.ZodMiniType<T>;
};

async function property<T>(bus: SystemBus, wanted: Property<T>): Promise<Fact<T>> {
  const reply = await bus.call({
    ...wanted.of,
    interface: 'org.freedesktop.DBus.Properties',
    member: 'Get',
    signature: 'ss',
    body: [wanted.interface, wanted.name],
  });
  if (!reply.ok) return unknown(reply.why);
  const variant = Variant.safeParse(reply.body);
  const value = wanted.schema.safeParse(variant.data?.[0].value);
  return value.success ? known(value.data) : unknown(`${wanted.name} is not understood`);
}

function flag(bus: SystemBus, wanted: Omit<Property<boolean>, 'schema'>): Promise<Fact<boolean>> {
  return property(bus, { ...wanted, schema: z.boolean() });
}

/** The session at a seat that is ours: the agent itself may run outside any session, as a service. */
async function locked(bus: SystemBus, { uid, env }: LinuxOptions): Promise<Fact<boolean>> {
  const reply = await bus.call({ ...LOGIND, interface: MANAGER, member: 'ListSessions' });
  if (!reply.ok) return unknown(reply.why);
  const list = Sessions.safeParse(reply.body);
  if (!list.success) return unknown('the list of sessions is not understood');
  const mine = list.data[0].filter(([, owner, , seat]) => owner === uid && seat !== '');
  const session = mine.find(([id]) => id === env['XDG_SESSION_ID']) ?? mine[0];
  if (session === undefined) return unknown('nobody is logged in at a seat');
  const path = session[4];
  return flag(bus, { of: { ...LOGIND, path }, interface: SESSION, name: 'LockedHint' });
}

async function battery(bus: SystemBus): Promise<Fact<number>> {
  const [present, percentage] = await Promise.all([
    flag(bus, { of: BATTERY, interface: 'org.freedesktop.UPower.Device', name: 'IsPresent' }),
    property(bus, {
      of: BATTERY,
      interface: 'org.freedesktop.UPower.Device',
      name: 'Percentage',
      schema: z.number(),
    }),
  ]);
  return present.known && !present.value ? unknown('this machine has no battery') : percentage;
}

async function mains(bus: SystemBus): Promise<Fact<boolean>> {
  const onBattery = await flag(bus, { of: UPOWER, interface: 'org.freedesktop.UPower', name: 'OnBattery' });
  return mapFact(onBattery, (value) => !value);
}

/**
 * On Wayland an X display exists too, but it sees only the input to its own windows: its idle time would grow while
 * the owner types.
 */
function idleReader(options: LinuxOptions): { read(): Promise<Fact<number>>; close(): void } {
  const { env } = options;
  const none = (why: string) => ({ read: () => Promise.resolve(unknown(why)), close: () => {} });
  if (env['WAYLAND_DISPLAY'] || env['XDG_SESSION_TYPE'] === 'wayland') {
    return none('the idle time of a Wayland session cannot be read yet');
  }
  if (!env['DISPLAY']) return none('there is no display');
  return x11Idle(options);
}

/**
 * logind for lid, dock, lock and sleep, UPower for the battery, the X display for input. The lid is asked at every
 * reading, because logind before version 256 does not signal it (`EmitsChangedSignal("false")`, systemd PR 30706).
 */
export function linuxPowerSource(options: LinuxOptions): PowerSource {
  const { env, now } = options;
  let sleeping = false;
  const bus = systemBus({
    address: env['DBUS_SYSTEM_BUS_ADDRESS'] || SYSTEM_BUS,
    match: PREPARE_FOR_SLEEP,
    onLost: () => {
      sleeping = false;
    },
    onSignal: (signal) => {
      if (signal.interface === MANAGER && signal.member === 'PrepareForSleep') {
        sleeping = signal.body[0] === true;
      }
    },
  });
  const idle = idleReader(options);
  const slow = {
    idleMs: remembered({ read: () => idle.read(), everyMs: 1_000, now }),
    locked: remembered({ read: () => locked(bus, options), everyMs: 2_000, now }),
    onAc: remembered({ read: () => mains(bus), everyMs: 5_000, now }),
    batteryPercent: remembered({ read: () => battery(bus), everyMs: 30_000, now }),
  };

  return {
    async read() {
      const [lidClosed, docked, idleMs, isLocked, onAc, batteryPercent] = await Promise.all([
        flag(bus, { of: LOGIND, interface: MANAGER, name: 'LidClosed' }),
        flag(bus, { of: LOGIND, interface: MANAGER, name: 'Docked' }),
        slow.idleMs(),
        slow.locked(),
        slow.onAc(),
        slow.batteryPercent(),
      ]);
      const lid = mapFact(lidClosed, (closed) => (closed ? 'closed' : 'open'));
      return powerState({ lid, docked, idleMs, sleeping, onAc, batteryPercent, locked: isLocked });
    },
    close() {
      bus.close();
      idle.close();
    },
  };
}
