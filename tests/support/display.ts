import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export type VirtualDisplay = {
  /** such as ":1" */
  name: string;
  /** runs xdotool on it; its input counts as a person's */
  xdotool: (...args: string[]) => Promise<void>;
  /** the display goes away under whoever uses it */
  stop: () => Promise<void>;
};

/** An X server without a screen (Xvfb), on a display number that it finds free itself. */
export async function startDisplay(): Promise<VirtualDisplay> {
  const server = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '640x480x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const number = await new Promise<string>((resolve, reject) => {
    createInterface({ input: server.stdout }).once('line', resolve);
    server.once('error', reject);
    server.once('exit', () => reject(new Error('Xvfb did not start')));
  });
  const name = `:${number}`;
  return {
    name,
    async xdotool(...args) {
      const env = { PATH: '/usr/bin:/bin', DISPLAY: name };
      const tool = spawn('xdotool', args, { env, stdio: 'ignore' });
      await once(tool, 'exit');
    },
    async stop() {
      if (server.exitCode !== null || server.signalCode !== null) return;
      const exit = once(server, 'exit');
      server.kill('SIGTERM');
      await exit;
    },
  };
}
