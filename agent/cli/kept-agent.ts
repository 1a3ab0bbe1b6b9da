import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlClient } from '../control/control-client.ts';
import { findAgent, startAgent } from './agent-process.ts';
import type { Desk } from './command.ts';

export type KeptAgent = {
  client: ControlClient;
  /** Did this process start it? Then `end` ends it. */
  mine: boolean;
  /** The next supervisor, after this one was killed; undefined when it was asked to end. */
  again: () => Promise<KeptAgent | undefined>;
  end: () => Promise<void>;
};

/** The worker has 1.4 s to park its step and say farewell. */
const QUIT_MS = 2_000;

/** The supervisor that runs already, or one that is started now. */
export async function keepAgent(desk: Desk): Promise<KeptAgent> {
  const client = await findAgent(desk);
  if (client === undefined) return startKept(desk);
  return {
    client,
    mine: false,
    again: () => Promise.resolve(undefined),
    end: () => Promise.resolve(client.close()),
  };
}

async function startKept(desk: Desk): Promise<KeptAgent> {
  const { client, child } = await startAgent(desk);
  return {
    client,
    mine: true,
    again: async () => ((await exitCode(child)) === 0 ? undefined : startKept(desk)),
    async end() {
      await Promise.race([client.call({ do: 'quit' }).then(() => exitCode(child)), sleep(QUIT_MS)]);
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    },
  };
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}
