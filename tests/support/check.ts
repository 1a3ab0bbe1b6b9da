/** `bun run check`: every gate, all of them even when one fails. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dir, '..', '..');
const denoDir = mkdtempSync(join(tmpdir(), 'errand-deno-'));
const bin = (name: string): string => join(root, 'node_modules', '.bin', name);

const gates: readonly (readonly [what: string, ...command: string[]])[] = [
  ['types', bin('tsc'), '--noEmit'],
  ['types of the service worker', bin('tsc'), '--noEmit', '-p', 'mobile/tsconfig.sw.json'],
  ['lint', bin('oxlint'), '--type-aware', '--deny-warnings'],
  ['format', bin('oxfmt'), '--check'],
  ['unused code and dependencies', bin('knip')],
  ['relay under Deno', bin('deno'), 'check', '--quiet', '--config', 'edge/deno.json', 'edge/index.ts'],
];

const failed = gates.filter(([what, command = '', ...args]) => {
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, DENO_DIR: denoDir },
  });
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${what}`);
  return status !== 0;
});
rmSync(denoDir, { recursive: true, force: true });
process.exit(failed.length === 0 ? 0 : 1);
