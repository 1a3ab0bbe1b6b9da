import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { kill, platform } from 'node:process';

/**
 * Ends the server that a killed stack left on this data folder, so that a fresh one may start. Also drops a
 * postmaster.pid whose number now belongs to some other program (after a reboot): PostgreSQL itself would
 * refuse to start because of it.
 */
export async function stopLeftover(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid');
  const pid = readPid(file);
  if (pid === undefined) return;
  // SIGINT: end the sessions and write a checkpoint. SIGQUIT: at once, the next start replays the log.
  for (const signal of ['SIGINT', 'SIGQUIT'] satisfies NodeJS.Signals[]) {
    if (!isPostgres(pid)) break;
    send(pid, signal);
    if (await gone(pid, 10_000)) break;
  }
  if (isPostgres(pid))
    throw new Error(`PostgreSQL (process ${pid}) still runs on ${data} and does not end. End it, then start again.`);
  rmSync(file, { force: true });
}

function readPid(file: string): number | undefined {
  if (!existsSync(file)) return undefined;
  const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

async function gone(pid: number, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (performance.now() < end) {
    if (!isPostgres(pid)) return true;
    await Bun.sleep(20);
  }
  return false;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    kill(pid, signal);
  } catch {
    // It ended in between, which is what was wanted.
  }
}

function isPostgres(pid: number): boolean {
  return nameOf(pid).includes('postgres');
}

function nameOf(pid: number): string {
  if (platform === 'linux') {
    const status = `/proc/${pid}/status`;
    try {
      const text = readFileSync(status, 'utf8');
      // A zombie holds no lock and no file: whoever inherits it will reap it.
      return text.includes('\nState:\tZ') ? '' : text.slice(0, text.indexOf('\n'));
    } catch {
      return '';
    }
  }
  const list =
    platform === 'win32'
      ? ['tasklist', '/fo', 'csv', '/nh', '/fi', `PID eq ${pid}`]
      : ['ps', '-o', 'comm=', '-p', String(pid)];
  return Bun.spawnSync(list, { stderr: 'ignore' }).stdout.toString();
}
