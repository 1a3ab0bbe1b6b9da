import { fileURLToPath } from 'node:url';
import type { Helper, HelperEvents, StartHelper } from './helper.ts';

const WINDOWS_SCRIPT = fileURLToPath(new URL('./windows-awake.ps1', import.meta.url));

export type Held = { held: true } | { held: false; why: string };

export type AwakeLease = {
  /** settles soon: whether the system really stays awake, or why not. Must not reject. */
  held: Promise<Held>;
  /** may be called twice */
  release(): void;
};

export type KeepAwake = {
  /** `why` is shown to the owner by the system. Must not throw. */
  acquire(why: string): AwakeLease;
};

export type KeepAwakeOptions = {
  platform: string;
  startHelper: StartHelper;
  env: Readonly<Record<string, string | undefined>>;
  /** the process whose end also ends the lease, where the system can watch it */
  pid: number;
};

type Program = { command: string; args: readonly string[]; /** it prints "held" */ speaks: boolean };

/**
 * Against the idle timer and against sleep, never against the lid: logind ignores such locks for the lid switch
 * (`LidSwitchIgnoreInhibited=yes`), `caffeinate -i` and ES_SYSTEM_REQUIRED do not cover it. Every program ends when its
 * input closes, so that a killed agent leaves no machine awake.
 */
function programFor({ platform, pid }: KeepAwakeOptions, why: string): Program | undefined {
  switch (platform) {
    case 'linux':
      return {
        command: 'systemd-inhibit',
        args: ['--what=idle:sleep', '--mode=block', '--who=Errand', `--why=${why}`].concat([
          'sh',
          '-c',
          'echo held; exec cat >/dev/null',
        ]),
        speaks: true,
      };
    case 'darwin':
      return { command: 'caffeinate', args: ['-i', '-w', String(pid)], speaks: false };
    case 'win32':
      return {
        command: 'powershell.exe',
        args: ['-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-File', WINDOWS_SCRIPT],
        speaks: true,
      };
    default:
      return undefined;
  }
}

/** A keep-awake lease, held while a task runs. The caller holds it only when the power contract allows it. */
export function keepAwake(options: KeepAwakeOptions): KeepAwake {
  const { startHelper, env } = options;
  return {
    acquire(why) {
      const program = programFor(options, why);
      if (program === undefined) {
        const none: Held = { held: false, why: `${options.platform} cannot be kept awake` };
        return { held: Promise.resolve(none), release: () => {} };
      }
      const { promise, resolve } = Promise.withResolvers<Held>();
      const on: HelperEvents = {
        start: () => {
          if (!program.speaks) resolve({ held: true });
        },
        line: (text) =>
          resolve(text.trim() === 'held' ? { held: true } : { held: false, why: `the system said: ${text}` }),
        end: (reason) => resolve({ held: false, why: reason }),
      };
      const helper: Helper = startHelper({ command: program.command, args: program.args, env }, on);
      return { held: promise, release: () => helper.close() };
    },
  };
}
