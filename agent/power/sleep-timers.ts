import type { CommandResult, RunCommand } from './run-command.ts';

/** What the system does by itself. Minutes without input; 0 means never; undefined means it could not be read. */
export type SleepTimers = {
  onMainsMinutes: number | undefined;
  onBatteryMinutes: number | undefined;
  lid: 'sleeps' | 'stays-awake' | 'turns-off' | undefined;
};

const NOTHING: SleepTimers = { onMainsMinutes: undefined, onBatteryMinutes: undefined, lid: undefined };

function text(result: CommandResult): string {
  return result.ok ? result.stdout : '';
}

function gnomeMinutes(timeout: string, type: string): number | undefined {
  const seconds = /(\d+)\s*$/.exec(timeout)?.[1];
  if (seconds === undefined) return undefined;
  return type.includes('nothing') ? 0 : Number(seconds) / 60;
}

function lidOf(action: string | undefined): SleepTimers['lid'] {
  switch (action) {
    case undefined:
      return undefined;
    case 'ignore':
    case 'lock':
      return 'stays-awake';
    case 'poweroff':
    case 'halt':
      return 'turns-off';
    default:
      return 'sleeps';
  }
}

async function linuxTimers(run: RunCommand): Promise<SleepTimers> {
  const gnome = async (key: string) =>
    text(await run('gsettings', ['get', 'org.gnome.settings-daemon.plugins.power', key]));
  const logind = ['org.freedesktop.login1', '/org/freedesktop/login1', 'org.freedesktop.login1.Manager'];
  const [mains, mainsType, battery, batteryType, lid] = await Promise.all([
    gnome('sleep-inactive-ac-timeout'),
    gnome('sleep-inactive-ac-type'),
    gnome('sleep-inactive-battery-timeout'),
    gnome('sleep-inactive-battery-type'),
    run('busctl', ['get-property', ...logind, 'HandleLidSwitch']),
  ]);
  return {
    onMainsMinutes: gnomeMinutes(mains, mainsType),
    onBatteryMinutes: gnomeMinutes(battery, batteryType),
    lid: lidOf(/^s "([a-z-]+)"/.exec(text(lid))?.[1]),
  };
}

function pmsetMinutes(output: string, heading: string): number | undefined {
  const section = output.split(`${heading}:`)[1]?.split(/^\S/m)[0];
  const minutes = /^\s*sleep\s+(\d+)/m.exec(section ?? '')?.[1];
  return minutes === undefined ? undefined : Number(minutes);
}

/** A closed lid always sleeps on a MacBook that has one and no external display. */
async function macosTimers(run: RunCommand): Promise<SleepTimers> {
  const output = text(await run('pmset', ['-g', 'custom']));
  const onBatteryMinutes = pmsetMinutes(output, 'Battery Power');
  return {
    onMainsMinutes: pmsetMinutes(output, 'AC Power'),
    onBatteryMinutes,
    lid: onBatteryMinutes === undefined ? undefined : 'sleeps',
  };
}

/** The last two hexadecimal numbers are the values for mains and battery, in every language of Windows. */
function powercfgValues(output: string): { mains: number; battery: number } | undefined {
  const [battery, mains] = [...output.matchAll(/0x[0-9a-f]{8}/gi)].map(Number).toReversed();
  return mains === undefined || battery === undefined ? undefined : { mains, battery };
}

/** LIDACTION: 0 do nothing, 1 sleep, 2 hibernate, 3 shut down. */
function windowsLid(action: number | undefined): SleepTimers['lid'] {
  if (action === undefined) return undefined;
  if (action === 0) return 'stays-awake';
  return action === 3 ? 'turns-off' : 'sleeps';
}

async function windowsTimers(run: RunCommand): Promise<SleepTimers> {
  const query = async (group: string, setting: string) =>
    powercfgValues(text(await run('powercfg', ['/q', 'SCHEME_CURRENT', group, setting])));
  const [idle, lid] = await Promise.all([query('SUB_SLEEP', 'STANDBYIDLE'), query('SUB_BUTTONS', 'LIDACTION')]);
  return {
    onMainsMinutes: idle === undefined ? undefined : idle.mains / 60,
    onBatteryMinutes: idle === undefined ? undefined : idle.battery / 60,
    lid: windowsLid(lid?.battery),
  };
}

/** Must not throw: what cannot be read is undefined. */
export async function readSleepTimers({ platform, run }: { platform: string; run: RunCommand }): Promise<SleepTimers> {
  switch (platform) {
    case 'linux':
      return linuxTimers(run);
    case 'darwin':
      return macosTimers(run);
    case 'win32':
      return windowsTimers(run);
    default:
      return NOTHING;
  }
}

function idleSentence(power: string, minutes: number | undefined): string[] {
  if (minutes === undefined) return [];
  if (minutes === 0) return [`${power}, this computer never falls asleep by itself: errands start at once.`];
  const after = minutes === 1 ? '1 minute' : `${Math.round(minutes)} minutes`;
  return [
    `${power}, this computer falls asleep after ${after} without input. A running errand keeps it awake; one sent while it sleeps waits until it wakes.`,
  ];
}

function lidSentence(lid: SleepTimers['lid']): string[] {
  switch (lid) {
    case undefined:
      return [];
    case 'sleeps':
      return ['Closing the lid puts it to sleep: errands wait until the lid is opened.'];
    case 'stays-awake':
      return ['Closing the lid does not put it to sleep; Errand still stops working then, unless you switch that off.'];
    case 'turns-off':
      return ['Closing the lid turns it off: errands wait until it is started again.'];
  }
}

/** What the timers mean for errands, in plain sentences for the owner; never empty. */
export function explainSleepTimers(timers: SleepTimers): readonly string[] {
  const sentences = [
    ...idleSentence('On mains power', timers.onMainsMinutes),
    ...idleSentence('On battery', timers.onBatteryMinutes),
    ...lidSentence(timers.lid),
  ];
  return sentences.length > 0
    ? sentences
    : ['When this computer sleeps could not be read. Errands sent while it sleeps wait until it wakes.'];
}
