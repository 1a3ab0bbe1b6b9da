import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as z from 'zod/mini';
import { type Desk, DeskError } from './command.ts';
import { failureOf, TOOLS, viteBuild } from './vite-build.ts';

const manifestSchema = z.object({ devDependencies: z.record(z.string(), z.string()) });

/** How the sources are compiled, and where packages come from. */
const SETTINGS = ['tsconfig.json', 'bunfig.toml', '.npmrc'];

/**
 * Builds the phone app from a copy, with tools that are installed for this moment, and puts it in place when it is whole. The copy lies
 * inside the checkout: there the app's own packages are found in the node_modules above it, and programs may be run.
 */
export async function buildApart(desk: Desk, sources: readonly string[]): Promise<void> {
  const parent = join(desk.root, '.errand');
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  const apart = mkdtempSync(join(parent, 'build-'));
  try {
    copySources(desk.root, apart, sources);
    await installTools(desk, apart);
    await viteBuild(desk, apart);
    const built = join(desk.root, 'mobile', 'dist');
    rmSync(built, { recursive: true, force: true });
    renameSync(join(apart, 'mobile', 'dist'), built);
  } finally {
    rmSync(apart, { recursive: true, force: true });
  }
}

function copySources(root: string, apart: string, sources: readonly string[]): void {
  const here = [...sources, ...SETTINGS].filter((name) => existsSync(join(root, name)));
  const filter = (path: string): boolean => !['dist', 'node_modules'].includes(basename(path));
  for (const name of here) cpSync(join(root, name), join(apart, name), { recursive: true, filter });
}

/** A manifest of the tools alone: with the lockfile beside it they come exactly as locked, and nothing else does. */
async function installTools(desk: Desk, apart: string): Promise<void> {
  const { devDependencies } = manifestSchema.parse(JSON.parse(readFileSync(join(desk.root, 'package.json'), 'utf8')));
  const tools = Object.fromEntries(TOOLS.map((name) => [name, devDependencies[name]]));
  writeFileSync(join(apart, 'package.json'), JSON.stringify({ type: 'module', devDependencies: tools }));
  const failure = await failureOf(desk, apart, ['install', '--ignore-scripts']);
  if (failure === undefined) return;
  throw new DeskError(
    `What builds the phone app could not be installed:\n${failure}\n\nIs this computer online? Then start again.`,
  );
}
