import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..', '..');
const edge = join(root, 'edge');

/** The binary itself: npm's stub starts it as a child, which would outlive a killed stub. */
export const deno = ((): string => {
  const system = process.platform === 'linux' ? 'linux' : process.platform === 'darwin' ? 'darwin' : 'windows';
  const name = `@deno/${system}-${process.arch}${system === 'linux' ? '-glibc' : ''}/package.json`;
  const folder = dirname(createRequire(join(root, 'node_modules/deno/package.json')).resolve(name));
  return join(folder, system === 'windows' ? 'deno.exe' : 'deno');
})();

/** What Deno itself reads of the environment; the rest is not for the program it runs. */
export const ownEnvironment = (): Record<string, string | undefined> => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(HOME|DENO_DIR|npm_config_.+)$/i.test(name))),
  NO_COLOR: '1',
  DENO_NO_UPDATE_CHECK: '1',
});

const config = ['--config', join(edge, 'deno.json')];

/** As the lockfile has it, and not otherwise. */
export const frozen = (lockfile = join(edge, 'deno.lock')): string[] => ['--frozen', `--lock=${lockfile}`];

/** Lets it reach loopback alone, and no file. */
export const serveArguments = (...more: readonly string[]): string[] => [
  'serve',
  ...config,
  '--no-prompt',
  '--allow-env',
  '--allow-net=127.0.0.1',
  '--host=127.0.0.1',
  '--port=0',
  ...more,
  join(edge, 'index.ts'),
];

/** Fetches what the relay imports into DENO_DIR, where it is not there yet. */
export function fillDenoCache(env: Record<string, string | undefined> = {}): void {
  const { status, stderr } = spawnSync(deno, ['cache', '--quiet', ...config, ...frozen(), join(edge, 'index.ts')], {
    env: { ...process.env, ...ownEnvironment(), ...env },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`deno cache: ${stderr}`);
}
