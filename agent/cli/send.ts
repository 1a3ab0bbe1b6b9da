import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, DeskError } from './command.ts';

/** A terminal as phone is the phone's program, not the agent's: it is started, not imported. */
export const send: Command = async (desk, args) => {
  const terminal = join(desk.root, 'mobile', 'terminal.ts');
  if (!existsSync(terminal))
    throw new DeskError('This copy of Errand comes without the terminal phone (mobile/terminal.ts).');
  const child = spawn(desk.bun, [terminal, ...args], {
    stdio: 'inherit',
    env: { ...desk.env, ERRAND_DATA: desk.data },
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
};
