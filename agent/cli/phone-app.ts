import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildApart } from './build-apart.ts';
import type { Desk } from './command.ts';
import { TOOLS, viteBuild } from './vite-build.ts';

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
  const hasTools = TOOLS.every((name) => existsSync(join(desk.root, 'node_modules', name, 'package.json')));
  await (hasTools ? viteBuild(desk, desk.root) : buildApart(desk, SOURCES));
}
