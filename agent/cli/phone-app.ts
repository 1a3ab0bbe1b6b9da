import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Desk, DeskError } from './command.ts';

/** What the app is made of, below the checkout. */
const SOURCES = ['mobile', 'edge/protocol', 'edge/mailbox', 'bun.lock'];

function newest(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  const inside = readdirSync(path).filter((name) => name !== 'dist' && name !== 'node_modules');
  return Math.max(0, ...inside.map((name) => newest(join(path, name))));
}

export function isBuilt(root: string): boolean {
  const built = join(root, 'mobile', 'dist', 'index.html');
  if (!existsSync(built)) return false;
  const since = statSync(built).mtimeMs;
  return SOURCES.every((source) => newest(join(root, source)) <= since);
}

/** Builds the phone app when there is none, or one older than its sources. */
export async function buildPhoneApp(desk: Desk): Promise<void> {
  if (isBuilt(desk.root)) return;
  desk.say('Building the phone app.');
  const vite = join('node_modules', 'vite', 'bin', 'vite.js');
  const child = spawn(desk.bun, [vite, 'build', '--config', join('mobile', 'vite.config.ts'), '--logLevel', 'warn'], {
    cwd: desk.root,
    env: { ...desk.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new DeskError(`The phone app could not be built:\n${output.trim()}`);
}
