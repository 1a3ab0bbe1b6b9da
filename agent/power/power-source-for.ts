import type { StartHelper } from './helper.ts';
import { linuxPowerSource } from './linux.ts';
import { macosPowerSource } from './macos.ts';
import { type PowerSource, powerState, unknown } from './power-source.ts';
import type { RunCommand } from './run-command.ts';
import { windowsPowerSource } from './windows.ts';

export type PowerSourceOptions = {
  /** `process.platform` */
  platform: string;
  env: Readonly<Record<string, string | undefined>>;
  uid: number;
  /** the program that runs helper children: Bun */
  bun: string;
  run: RunCommand;
  startHelper: StartHelper;
  /** monotonic, in milliseconds */
  now: () => number;
};

function blindPowerSource(platform: string): PowerSource {
  const nothing = unknown(`power cannot be read on ${platform}`);
  const state = powerState({
    lid: nothing,
    docked: nothing,
    idleMs: nothing,
    sleeping: false,
    onAc: nothing,
    batteryPercent: nothing,
    locked: nothing,
  });
  return { read: () => Promise.resolve(state), close() {} };
}

export function powerSourceFor(options: PowerSourceOptions): PowerSource {
  switch (options.platform) {
    case 'linux':
      return linuxPowerSource(options);
    case 'darwin':
      return macosPowerSource(options);
    case 'win32':
      return windowsPowerSource(options);
    default:
      return blindPowerSource(options.platform);
  }
}
