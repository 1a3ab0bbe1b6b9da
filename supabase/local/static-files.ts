import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
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
    if (path !== undefined && file !== undefined) {
      return respond(request, file, { ...headers, 'cache-control': cacheFor(path) });
    }
    const index = findFile(folder, '/index.html');
    const navigation = (request.headers.get('accept') ?? '').includes('text/html');
    return navigation && index !== undefined
      ? respond(request, index, { ...headers, 'cache-control': 'no-cache' })
      : undefined;
  };
}

const textual = /\.(?:html|js|css|svg|json|webmanifest|txt)$/;
const compressed = new Map<string, { changedMs: number; body: Uint8Array<ArrayBuffer> }>();

function respond(request: Request, path: string, headers: Record<string, string>): Response {
  const file = Bun.file(path);
  if (!textual.test(path)) return new Response(file, { headers });
  const vary = { ...headers, vary: 'accept-encoding', 'content-type': file.type };
  if (!(request.headers.get('accept-encoding') ?? '').includes('gzip')) return new Response(file, { headers: vary });
  return new Response(gzipped(path), { headers: { ...vary, 'content-encoding': 'gzip' } });
}

/** Kept in memory: the app is a third of its size on the way to a phone, and has few files. */
function gzipped(path: string): Uint8Array<ArrayBuffer> {
  const changedMs = statSync(path).mtimeMs;
  const known = compressed.get(path);
  if (known?.changedMs === changedMs) return known.body;
  const body = Bun.gzipSync(readFileSync(path), { level: 9 });
  compressed.set(path, { changedMs, body });
  return body;
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
