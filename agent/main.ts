import { spawn } from 'node:child_process';
import { homedir, hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { bootstrap } from './cli/bootstrap.ts';
import { type Command, type Desk, DeskError } from './cli/command.ts';

/*
 * `errand <command>`. Nothing from npm may be imported above: on a fresh checkout this file runs before anything is installed, and
 * under whatever Bun was at hand.
 */

const commands: Record<string, () => Promise<Command>> = {
  start: async () => (await import('./cli/start.ts')).start,
  setup: async () => (await import('./cli/setup.ts')).setup,
  pair: async () => (await import('./cli/pair.ts')).pair,
  phone: async () => (await import('./cli/phone.ts')).phone,
  do: async () => (await import('./cli/do.ts')).doErrand,
  script: async () => (await import('./cli/script.ts')).script,
  status: async () => (await import('./cli/status.ts')).status,
  devices: async () => (await import('./cli/devices.ts')).devices,
  login: async () => (await import('./cli/login.ts')).login,
  recover: async () => (await import('./cli/recover.ts')).recover,
  up: async () => (await import('./cli/up.ts')).up,
  stop: async () => (await import('./cli/stop.ts')).stop,
  quit: async () => (await import('./cli/quit.ts')).quit,
  relay: async () => (await import('./cli/relay.ts')).relay,
  send: async () => (await import('./cli/send.ts')).send,
  help: async () => (await import('./cli/help.ts')).help,
};

const root = dirname(import.meta.dirname);
const [name = 'help', ...args] = process.argv.slice(2);

const desk: Desk = {
  root,
  data: process.env.ERRAND_DATA ?? join(homedir(), '.errand'),
  home: homedir(),
  cwd: process.cwd(),
  env: process.env,
  platform: process.platform,
  hostname: hostname(),
  bun: process.execPath,
  input: process.stdin,
  say: (text) => console.log(text),
  fetch: (url, init) => fetch(url, init),
  signal: (pid, signal) => void process.kill(pid, signal),
  interrupted: new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve());
  }),
};

async function main(): Promise<number> {
  const handedOver = await bootstrap({
    root,
    bun: process.execPath,
    version: Bun.version,
    args: process.argv.slice(2),
    env: process.env,
    say: (text) => console.error(text),
    spawn,
    forward: (child) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] satisfies NodeJS.Signals[])
        process.on(signal, () => void child.kill(signal));
    },
  });
  if (handedOver !== undefined) return handedOver;
  const load = commands[['-h', '--help'].includes(name) ? 'help' : name];
  if (load !== undefined) return (await load())(desk, args);
  console.error(`There is no command "${name}".\n`);
  const { help } = await import('./cli/help.ts');
  await help(desk, []);
  return 1;
}

/** A data folder that cannot be written, a full disk: nothing Errand could mend. */
function refusedBySystem(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  if (['ENOSPC', 'EDQUOT'].includes(String(error.code)))
    return `The disk is full, so this was not written. What was there is as it was: make room and try again. (${error.message})`;
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR'].includes(String(error.code)))
    return `The system does not allow it: ${error.message}. Is the folder yours, and can it be written?`;
  return undefined;
}

/** What can be expected to go wrong, in words; undefined for a bug. */
function expected(error: unknown): string | undefined {
  if (error instanceof DeskError) return error.message;
  const refused = refusedBySystem(error);
  if (refused !== undefined) return refused;
  const mistyped = error instanceof TypeError && String(Reflect.get(error, 'code')).startsWith('ERR_PARSE_ARGS');
  return mistyped ? `${error.message}\n\`errand help\` lists the commands.` : undefined;
}

try {
  process.exit(await main());
} catch (error) {
  const said = expected(error);
  if (said === undefined) throw error;
  console.error(said);
  process.exit(1);
}
