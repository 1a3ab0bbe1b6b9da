import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectControl, type ControlClient } from '../../agent/control/control-client.ts';
import { until } from './until.ts';

export type RealSupervisor = {
  data: string;
  process: ChildProcess;
  exited: Promise<number | null>;
  said: () => string;
  connect(): Promise<ControlClient>;
  /** what the worker noted, one object for each message it heard */
  heard(): Record<string, unknown>[];
};

export type Desk = {
  data: string;
  start(env?: Record<string, string>): RealSupervisor;
  /** ends every supervisor it started and removes the data folder */
  clear(): Promise<void>;
};

const file = (path: string) => join(import.meta.dirname, path);

/** A data folder of its own, and real supervisors on it with the fake worker. */
export function desk(): Desk {
  const data = mkdtempSync(join(tmpdir(), 'errand-desk-'));
  const started: RealSupervisor[] = [];
  return {
    data,
    start(env = {}) {
      const supervisor = startOn(data, env);
      started.push(supervisor);
      return supervisor;
    },
    async clear() {
      for (const { process: child, exited } of started) {
        if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
        await exited;
      }
      rmSync(data, { recursive: true, force: true });
    },
  };
}

function startOn(data: string, env: Record<string, string>): RealSupervisor {
  const child = spawn(process.execPath, [file('../../agent/supervisor.ts')], {
    env: { ...process.env, ERRAND_DATA: data, ERRAND_WORKER: file('fake-worker.ts'), ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.on('close', resolve));
  return {
    data,
    process: child,
    exited,
    said: () => said,
    async connect() {
      const client = await until(
        () => connectControl(join(data, 'control.sock')),
        (found) => found !== undefined,
      );
      if (client === undefined) throw new Error('unreachable');
      return client;
    },
    heard() {
      const notes = join(data, 'heard');
      if (!existsSync(notes)) return [];
      return readFileSync(notes, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    },
  };
}

/** The worker's process id, once one runs (another than `before`). */
export async function workerPid(client: ControlClient, before?: number): Promise<number> {
  const pid = await until(
    async () => {
      const reply = await client.call({ do: 'status' });
      return reply.is === 'status' && reply.status.worker !== null ? reply.status.pids.worker : null;
    },
    (found) => found !== null && found !== before,
  );
  return pid ?? 0;
}
