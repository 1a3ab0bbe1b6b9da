import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const hashed = /assets\/[\w-]+-([\w-]{8})\.(?:js|css)$/;

/**
 * The built app once more, as another version of it: every hashed file has another name, the service worker another build, and the
 * page says `version`.
 */
export function rebuild(dist: string, into: string, version: string): void {
  const files = readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(dist.length + 1));
  const hashes = files.flatMap((file) => hashed.exec(file)?.[1] ?? []);
  const renamed = (text: string): string =>
    hashes.reduce((all, hash) => all.replaceAll(`-${hash}.`, `-${version}${hash}.`), text);
  for (const file of files) {
    const to = join(into, renamed(file));
    mkdirSync(dirname(to), { recursive: true });
    const bytes = readFileSync(join(dist, file));
    writeFileSync(to, /\.(?:js|css|html)$/.test(file) ? worded(renamed(bytes.toString()), version) : bytes);
  }
}

const worded = (text: string, version: string): string =>
  text
    .replace('<title>', `<meta name="version" content="${version}" /><title>`)
    .replace(/(build:[`"'])([0-9a-f]{12})/, `$1${version}$2`);
