import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killNow } from './desktop.ts';

/** The embedded stack in a process that is killed and started again, always at the same port. */
export interface KillableStack {
  readonly url: string;
  readonly publishableKey: string;
  /** Ends it, politely or at once, and starts it again. */
  restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Kills PostgreSQL under it, and starts the stack again. */
  killDatabase(): Promise<void>;
  stop(): Promise<void>;
}

export async function killableStack(): Promise<KillableStack> {
  const folder = mkdtempSync(join(tmpdir(), 'errand-queue-stack-'));
  let child: ChildProcess | undefined;

  async function start(port: string): Promise<{ url: string; publishableKey: string }> {
    const started = spawn(process.execPath, [join(import.meta.dirname, 'faults-stack-main.ts'), folder, port], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NO_PROXY: '127.0.0.1' },
    });
    child = started;
    return new Promise((resolve, reject) => {
      let said = '';
      started.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes('\n')) resolve(JSON.parse(said));
      });
      started.once('exit', (code) => reject(new Error(`the stack ended with ${code}: ${said}`)));
    });
  }
  async function gone(): Promise<void> {
    const ended = child;
    if (!ended || ended.exitCode !== null || ended.signalCode !== null) return;
    await new Promise((resolve) => ended.once('exit', resolve));
  }
  const place = await start('0');
  const { port } = new URL(place.url);
  return {
    ...place,
    restart: async (signal) => {
      child?.kill(signal);
      await gone();
      await start(port);
    },
    killDatabase: async () => {
      killNow(databaseOf(folder));
      await gone();
      await start(port);
    },
    stop: async () => {
      child?.kill('SIGTERM');
      await gone();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The server's process, by the file it writes for that. */
function databaseOf(folder: string): number {
  const file = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) =>
    name.endsWith('postmaster.pid'),
  );
  if (file === undefined) throw new Error('no PostgreSQL runs there');
  return Number(readFileSync(join(folder, file), 'utf8').split('\n')[0]);
}
