import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeskError } from './command.ts';

/*
 * Runs before anything is installed, under any Bun: node's own modules only. The manifest is our own file, so it is read plainly.
 */

export type Bootstrapping = {
  root: string;
  /** the Bun that runs now, and its version */
  bun: string;
  version: string;
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  say: (text: string) => void;
  spawn: (command: string, args: string[], options: SpawnOptions) => ChildProcess;
  /** Signals of this process go to the child from now on. */
  forward: (child: ChildProcess) => void;
};

type Manifest = { dependencies: Record<string, string>; devDependencies: Record<string, string> };

/** Set for the program we hand over to: should it still be the wrong one, it must not hand over again. */
const HANDED_OVER = 'ERRAND_HANDED_OVER';

/** Installs what is missing, and hands over to the pinned Bun. The exit code when it did, undefined when this process is the right one. */
export async function bootstrap(around: Bootstrapping): Promise<number | undefined> {
  const manifest: Manifest = readJson(join(around.root, 'package.json'));
  if (!isInstalled(around.root, manifest)) await install(around, manifest);
  const pinned = manifest.dependencies.bun;
  if (around.version === pinned) return undefined;
  if (around.env[HANDED_OVER] !== undefined) {
    throw new DeskError(
      `Errand needs Bun ${pinned}, and ${around.bun} is ${around.version}. Delete node_modules and start again.`,
    );
  }
  const main = join(around.root, 'agent', 'main.ts');
  const child = around.spawn(await pinnedBun(around, pinned), [main, ...around.args], {
    stdio: 'inherit',
    env: { ...around.env, [HANDED_OVER]: '1' },
  });
  around.forward(child);
  return exitCode(child);
}

// oxlint-disable-next-line typescript/no-explicit-any -- our own manifest; no schema library is installed yet
const readJson = (file: string): any => JSON.parse(readFileSync(file, 'utf8'));

const stampFile = (root: string): string => join(root, 'node_modules', '.errand-installed');

/** The stamp holds the lockfile's hash. Without one, an installation with every pinned version is taken as it is. */
function isInstalled(root: string, { dependencies }: Manifest): boolean {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'bun.lock')))
    .digest('hex');
  const stamp = existsSync(stampFile(root)) ? readFileSync(stampFile(root), 'utf8') : lock;
  if (stamp !== lock) return false;
  return Object.entries(dependencies).every(([name, version]) => installedVersion(root, name) === version);
}

function installedVersion(root: string, name: string): string | undefined {
  const file = join(root, 'node_modules', name, 'package.json');
  return existsSync(file) ? readJson(file).version : undefined;
}

async function install(around: Bootstrapping, manifest: Manifest): Promise<void> {
  around.say('Installing what is missing. This happens once and takes a minute at most.');
  // A checkout with the developers' tools keeps them.
  const tools = Object.keys(manifest.devDependencies).some((name) => installedVersion(around.root, name) !== undefined);
  const args = ['install', '--frozen-lockfile', ...(tools ? [] : ['--production'])];
  const child = around.spawn(around.bun, args, { cwd: around.root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  if ((await exitCode(child)) !== 0) {
    throw new DeskError(`The installation failed:\n${output.trim()}\n\nIs this computer online? Then start again.`);
  }
  const lock = createHash('sha256')
    .update(readFileSync(join(around.root, 'bun.lock')))
    .digest('hex');
  writeFileSync(stampFile(around.root), lock);
}

/**
 * The package's own program if its install script ran, else that of the platform package. Several of those may be installed (other C
 * library, older processor): the one that runs here is taken.
 */
async function pinnedBun(around: Bootstrapping, version: string | undefined): Promise<string> {
  const modules = join(around.root, 'node_modules');
  const platforms = join(modules, '@oven');
  const folders = [
    join(modules, 'bun'),
    ...(existsSync(platforms) ? readdirSync(platforms) : []).map((name) => join(platforms, name)),
  ];
  const programs = folders.flatMap((folder) => ['bun', 'bun.exe'].map((file) => join(folder, 'bin', file)));
  for (const program of programs)
    if (existsSync(program) && (await versionOf(around, program)) === version) return program;
  throw new DeskError(`Bun ${version} is not installed for this computer. Delete node_modules and start again.`);
}

/** Undefined when it does not run here. */
async function versionOf({ spawn }: Bootstrapping, program: string): Promise<string | undefined> {
  try {
    const child = spawn(program, ['--version'], { stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return (await exitCode(child)) === 0 ? output.trim() : undefined;
  } catch {
    return undefined;
  }
}

function exitCode(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}
