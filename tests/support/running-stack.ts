import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join, resolve } from 'node:path';
import { relayClient } from '../../edge/mailbox/relay-client.ts';
import type { RelayStack } from './relay-stack.ts';

const root = resolve(import.meta.dir, '..', '..');

/** The embedded stack as users run it: a process of its own, its database durable. */
export interface RunningStack {
  readonly url: string;
  readonly publishableKey: string;
  readonly pid: number;
  /** Milliseconds from spawn to the line that says it answers. */
  readonly readyMs: number;
  readonly client: RelayStack['client'];
  stop(): Promise<void>;
  /** Ends it as a crash would; its database may live a moment longer. */
  kill(): Promise<void>;
}

export async function runStack(data: string, port = 0): Promise<RunningStack> {
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [join(root, 'supabase/local/main.ts'), '--data', data, '--port', String(port)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const { url, publishableKey } = await firstReady(child);
  const readyMs = performance.now() - began;
  return {
    url,
    publishableKey,
    pid: child.pid ?? 0,
    readyMs,
    client: (token = () => Promise.resolve(undefined)) =>
      relayClient({ url: `${url}/functions/v1/relay`, publishableKey, fetch, token }),
    stop: () => end(child, 'SIGTERM'),
    kill: () => end(child, 'SIGKILL'),
  };
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once('close', done));
  child.kill(signal);
  await ended;
}

function firstReady(child: ChildProcess): Promise<{ url: string; publishableKey: string }> {
  return new Promise((done, fail) => {
    child.once('close', () => fail(new Error('the stack ended before it was ready')));
    if (!child.stdout) return fail(new Error('the stack has no output'));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = JSON.parse(line) as { ready?: { url: string; publishableKey: string } };
      if (said.ready) done(said.ready);
    });
  });
}
