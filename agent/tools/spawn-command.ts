import { spawn } from 'node:child_process';
import { kill } from 'node:process';
import type { Command, CommandEnd } from './tool.ts';

const TAIL_CHARACTERS = 8000;
/** After a program ended, what it left running may hold its output open for ever: the rest of the output is waited for this long. */
const REST_MS = 500;

/** Ends the whole process group: a shell's own children would outlive the shell. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself between the two.
  }
}

/** Runs programs with this environment and nothing of the agent's own. What it returns must not throw. */
export const spawnCommand =
  (env: Readonly<Record<string, string>>) =>
  ({ argv, cwd, signal }: Command): Promise<CommandEnd> =>
    new Promise((resolve) => {
      const [program = '', ...args] = argv;
      let tail = '';
      const child = spawn(program, args, {
        cwd,
        env,
        detached: true,
        windowsHide: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const keep = (text: string): void => {
        tail = (tail + text).slice(-TAIL_CHARACTERS);
      };
      const stop = (): void => killGroup(child.pid);
      child.stdout.setEncoding('utf8').on('data', keep);
      child.stderr.setEncoding('utf8').on('data', keep);
      signal.addEventListener('abort', stop, { once: true });
      const end = (result: CommandEnd): void => {
        signal.removeEventListener('abort', stop);
        resolve(result);
      };
      child.on('exit', () => {
        setTimeout(() => {
          child.stdout.destroy();
          child.stderr.destroy();
        }, REST_MS).unref();
      });
      child.on('error', (error) => end({ ended: 'not started', tail: error.message }));
      child.on('close', (code) => end(code === null ? { ended: 'killed', tail } : { ended: 'exit', code, tail }));
      if (signal.aborted) stop();
    });
