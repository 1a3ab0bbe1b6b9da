import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type Desk, DeskError } from './command.ts';

/** What only a build needs: packages of developers, which are not among those that stay installed. */
export const TOOLS = ['vite', 'vite-plugin-solid'];

/** Runs the pinned Bun there. What it said when it failed, undefined when it did its work. */
export async function failureOf(desk: Desk, cwd: string, args: readonly string[]): Promise<string | undefined> {
  const child = spawn(desk.bun, args, { cwd, env: { ...desk.env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  return code === 0 ? undefined : output.trim();
}

/** Builds the phone app of a folder that has sources and tools, into its `mobile/dist`. */
export async function viteBuild(desk: Desk, folder: string): Promise<void> {
  const vite = join('node_modules', 'vite', 'bin', 'vite.js');
  const args = [vite, 'build', '--config', join('mobile', 'vite.config.ts'), '--logLevel', 'warn'];
  const failure = await failureOf(desk, folder, args);
  if (failure !== undefined) throw new DeskError(`The phone app could not be built:\n${failure}`);
}
