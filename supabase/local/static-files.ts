import { existsSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';

export type StaticFiles = (request: Request) => Response | undefined;

// Vite puts a hash of the content into these names only.
const hashed = /^\/assets\//;

/**
 * The built app: its files, and index.html for every other address that a browser navigates to. Undefined
 * when there is nothing to show.
 */
export function serveStatic(folder: string, headersFor: (host: string) => Record<string, string>): StaticFiles {
  return (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return undefined;
    const url = new URL(request.url);
    const headers = headersFor(url.host);
    const path = decode(url.pathname);
    const file = path === undefined ? undefined : findFile(folder, path);
    if (path !== undefined && file !== undefined) return respond(file, { ...headers, 'cache-control': cacheFor(path) });
    const index = findFile(folder, '/index.html');
    const navigation = (request.headers.get('accept') ?? '').includes('text/html');
    return navigation && index !== undefined ? respond(index, { ...headers, 'cache-control': 'no-cache' }) : undefined;
  };
}

function respond(file: string, headers: Record<string, string>): Response {
  return new Response(Bun.file(file), { headers });
}

function cacheFor(path: string): string {
  return hashed.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache';
}

function decode(path: string): string | undefined {
  try {
    const decoded = decodeURIComponent(path);
    return decoded.includes('\0') ? undefined : decoded;
  } catch {
    return undefined;
  }
}

/** Only what really lies inside the folder: a link out of it is no file of the app. */
function findFile(folder: string, path: string): string | undefined {
  const wanted = join(folder, path === '/' ? 'index.html' : path);
  if (!existsSync(wanted)) return undefined;
  const [real, root] = [realpathSync(wanted), realpathSync(folder)];
  return real.startsWith(root + sep) && statSync(real).isFile() ? real : undefined;
}
