import { createInterface } from 'node:readline';
import { spawn } from 'node:child_process';
import type { LogEntry } from '../../edge/relay/deps.ts';
import { deno, fillDenoCache, frozen, ownEnvironment, serveArguments } from './deno.ts';

export interface DenoRelay {
  readonly origin: string;
  readonly logged: readonly LogEntry[];
  readonly stop: () => Promise<void>;
}

/**
 * The relay as a hosted function runs: `edge/index.ts` in a Deno process of its own, which has its environment from outside and
 * nothing from the network but its answers. Rejects with what it said when it does not start.
 */
export async function startDenoRelay(env: Record<string, string | undefined>): Promise<DenoRelay> {
  fillDenoCache();
  const child = spawn(deno, serveArguments('--cached-only', ...frozen()), {
    env: { ...ownEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const logged: LogEntry[] = [];
  createInterface(child.stdout).on('line', (line) => void logged.push(JSON.parse(line)));
  const said: string[] = [];
  const origin = await new Promise<string>((resolve, reject) => {
    createInterface(child.stderr).on('line', (line) => {
      said.push(line);
      const [, listening] = /Listening on (http:\/\/[^/]+)\//.exec(line) ?? [];
      if (listening !== undefined) resolve(listening);
    });
    child.once('error', reject);
    void ended.then(() => reject(new Error(said.join('\n'))));
  });
  return {
    origin,
    logged,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
