import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** `tap.ts` in a network namespace of its own; or why that cannot be measured here. */
export function measureTap(): Record<string, number> | string {
  if (process.platform !== 'linux') return 'network namespaces are Linux only';
  if (process.getuid?.() !== 0) return 'only root may make the two network namespaces';
  if (!existsSync('/dev/net/tun')) return 'there is no /dev/net/tun';
  const args = ['-n', process.execPath, join(import.meta.dir, 'tap.ts')];
  const { status, stdout, stderr } = spawnSync('unshare', args, {
    encoding: 'utf8',
    env: { ...process.env, NO_PROXY: '*' },
    timeout: 600_000,
  });
  if (status !== 0) return stderr.trim().split('\n').at(-1) ?? 'it ended';
  const figures: Record<string, number> = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}');
  return figures;
}
