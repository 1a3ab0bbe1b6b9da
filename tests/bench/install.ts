import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dir, '..', '..');

/** Megabytes on disk of what `start` installs, measured in a scratch folder: hard links count once, as on a user's disk. */
export function installMb(): number {
  const folder = mkdtempSync(join(tmpdir(), 'errand-install-'));
  try {
    for (const name of ['package.json', 'bun.lock', 'bunfig.toml']) copyFileSync(join(root, name), join(folder, name));
    const install = spawnSync(process.execPath, ['install', '--frozen-lockfile', '--production'], { cwd: folder });
    if (install.status !== 0) throw new Error(install.stderr.toString());
    const { stdout } = spawnSync('du', ['-sk', 'node_modules'], { cwd: folder, encoding: 'utf8' });
    return Number.parseInt(stdout, 10) / 1024;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
