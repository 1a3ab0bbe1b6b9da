import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import { listProcesses } from '../control/processes.ts';
import { type Desk, DeskError } from './command.ts';
import { lastLines, withLog } from './log-file.ts';

/** What `supabase/local/main.ts` says on its output, one JSON object a line. */
const saidSchema = z.union([
  z.object({ ready: z.object({ url: z.string(), publishableKey: z.string() }) }),
  /** words for the person at the desk */
  z.object({ say: z.string() }),
]);

const recordSchema = z.object({
  pid: z.int(),
  /** with the pid it names the process; empty where the system does not tell */
  started: z.string(),
  url: z.string(),
  publishableKey: z.string(),
});

export type OwnStack = z.infer<typeof recordSchema>;

export type StackWishes = {
  port?: string | undefined;
  host?: string | undefined;
  publicUrl?: string | undefined;
  say: (text: string) => void;
};

/** The server has 1 s to close its connections and the database its checkpoint; both survive a kill. */
const END_MS = 1_200;

export const folderOf = (desk: Desk): string => join(desk.data, 'stack');
const recordFile = (desk: Desk): string => join(folderOf(desk), 'running.json');

function readRecord(desk: Desk): OwnStack | undefined {
  if (!existsSync(recordFile(desk))) return undefined;
  return recordSchema.safeParse(JSON.parse(readFileSync(recordFile(desk), 'utf8'))).data;
}

const startOf = (desk: Desk, pid: number): string =>
  listProcesses(desk.platform).find((process) => process.pid === pid && !process.zombie)?.started ?? '';

function isRunning(desk: Desk, { pid, started }: OwnStack): boolean {
  if (desk.platform !== 'win32') return startOf(desk, pid) === started && started !== '';
  return send(desk, pid, 0);
}

/** The stack that runs on this data folder, whoever started it. */
export function findStack(desk: Desk): OwnStack | undefined {
  const record = readRecord(desk);
  return record !== undefined && isRunning(desk, record) ? record : undefined;
}

/** Starts the stack in a session of its own and waits until it answers. */
export async function startStack(desk: Desk, wishes: StackWishes): Promise<{ stack: OwnStack; child: ChildProcess }> {
  const logFile = join(folderOf(desk), 'log');
  const child = withLog(logFile, (log) =>
    spawn(desk.bun, [join(desk.root, 'supabase', 'local', 'main.ts'), ...argumentsFor(desk, wishes)], {
      cwd: folderOf(desk),
      env: { ...desk.env },
      detached: true,
      windowsHide: true,
      stdio: ['ignore', 'pipe', log],
    }),
  );
  child.unref();
  const ready = await firstWords(child, wishes.say);
  if (ready === undefined)
    throw new DeskError(`The relay did not start:\n${lastLines(logFile, 1)}\nThe whole log is ${logFile}.`);
  const pid = child.pid ?? 0;
  const stack = { pid, started: startOf(desk, pid), ...ready };
  writeFileSync(recordFile(desk), JSON.stringify(stack), { mode: 0o600 });
  return { stack, child };
}

function argumentsFor(desk: Desk, { port, host, publicUrl }: StackWishes): string[] {
  const given = { data: folderOf(desk), app: join(desk.root, 'mobile', 'dist'), port, host, 'public-url': publicUrl };
  return Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
}

/** Undefined for a line of somebody else, such as a warning of the runtime. */
function readSaid(line: string): z.infer<typeof saidSchema> | undefined {
  try {
    return saidSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function firstWords(child: ChildProcess, say: (text: string) => void) {
  return new Promise<{ url: string; publishableKey: string } | undefined>((resolve) => {
    child.on('error', () => resolve(undefined));
    child.on('exit', () => resolve(undefined));
    if (child.stdout === null) return resolve(undefined);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = readSaid(line);
      if (said === undefined) return;
      if ('say' in said) say(said.say);
      else resolve(said.ready);
    });
  });
}

/** Ends the stack that runs on this data folder. Settles when it is gone. */
export async function endStack(desk: Desk): Promise<void> {
  const stack = findStack(desk);
  if (stack === undefined) return;
  const giveUp = performance.now() + END_MS;
  send(desk, stack.pid, 'SIGTERM');
  while (isRunning(desk, stack) && performance.now() < giveUp) await sleep(20);
  if (isRunning(desk, stack)) send(desk, stack.pid, 'SIGKILL');
  rmSync(recordFile(desk), { force: true });
}

/** False when there is no such process. */
function send(desk: Desk, pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    desk.signal(pid, signal);
    return true;
  } catch {
    return false;
  }
}
