import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { controlAddress } from '../control/control-address.ts';
import { connectControl, type ControlClient } from '../control/control-client.ts';
import type { Reply, Request } from '../control/messages.ts';
import { type Desk, DeskError } from './command.ts';
import { lastLines, withLog } from './log-file.ts';

const PATIENCE_MS = 20_000;
const LOOK_AGAIN_MS = 25;

/** Undefined when the agent does not run. */
export const findAgent = (desk: Desk): Promise<ControlClient | undefined> => connectControl(controlAddress(desk));

export async function requireAgent(desk: Desk): Promise<ControlClient> {
  const agent = await findAgent(desk);
  if (agent === undefined)
    throw new DeskError(
      'Errand does not run. Start it with `npx bun run start`, or in the background with `errand up`.',
    );
  return agent;
}

export type StartedAgent = { client: ControlClient; child: ChildProcess };

/** Starts the supervisor in a session of its own, so that it outlives this terminal, and waits until it answers. */
export async function startAgent(desk: Desk): Promise<StartedAgent> {
  mkdirSync(desk.data, { recursive: true, mode: 0o700 });
  const logFile = join(desk.data, 'supervisor.log');
  const child = withLog(logFile, (log) =>
    spawn(desk.bun, [join(desk.root, 'agent', 'supervisor.ts')], {
      cwd: desk.data,
      env: { ...desk.env, ERRAND_DATA: desk.data },
      detached: true,
      windowsHide: true,
      stdio: ['ignore', log, log],
    }),
  );
  child.unref();
  const client = await firstAnswer(desk, child);
  if (client === undefined)
    throw new DeskError(`The agent did not start:\n${lastLines(logFile)}\nThe whole log is ${logFile}.`);
  return { client, child };
}

async function firstAnswer(desk: Desk, child: ChildProcess): Promise<ControlClient | undefined> {
  const end = performance.now() + PATIENCE_MS;
  while (performance.now() < end && child.exitCode === null && child.signalCode === null) {
    const client = await findAgent(desk);
    if (client !== undefined) return client;
    await sleep(LOOK_AGAIN_MS);
  }
  return undefined;
}

/** The reply, when it is of the kind that was asked for; the agent's own words otherwise. */
export async function ask<Kind extends Reply['is']>(
  agent: ControlClient,
  request: Request,
  kind: Kind,
): Promise<Extract<Reply, { is: Kind }>> {
  const reply = await agent.call(request);
  if (isKind(reply, kind)) return reply;
  throw new DeskError(
    reply.is === 'error'
      ? reply.message
      : `The agent answered "${reply.is}" where "${kind}" was expected. Start Errand again.`,
  );
}

function isKind<Kind extends Reply['is']>(reply: Reply, kind: Kind): reply is Extract<Reply, { is: Kind }> {
  return reply.is === kind;
}
