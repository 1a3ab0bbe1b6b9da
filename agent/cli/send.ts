import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, type Desk, DeskError } from './command.ts';
import { loadConfig } from './desk-config.ts';

/** A relay that the person names wins; otherwise it is the one this computer uses. */
function relayFor(desk: Desk, args: readonly string[]): string[] {
  if (args.some((argument) => /^--relay(=|$)/.test(argument))) return [];
  const { relay } = loadConfig(desk);
  if (relay === null) throw new DeskError('This computer uses no relay yet. Start Errand once, or say --relay URL.');
  return ['--relay', relay.url];
}

/** A terminal as phone is the phone's program, not the agent's: it is started, not imported. */
export const send: Command = async (desk, args) => {
  const folder = join(desk.data, 'terminal');
  const given = ['--data', folder, ...relayFor(desk, args), ...args];
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const child = spawn(desk.bun, [join(desk.root, 'mobile', 'terminal.ts'), ...given], {
    stdio: 'inherit',
    env: { ...desk.env },
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
};
