import type { Grant } from './grant.ts';

/** A path starts a word, or stands in quotes (then it may hold spaces). */
const PATH = /["'`]((?:~|\/|[A-Za-z]:\\)[^"'`]+)["'`]|(?<=^|[\s(])(?:~|\/|[A-Za-z]:\\)[^\s"'`,;]*/g;
const WRITES = /(?:\b(?:in)?to|\bas|\bsave(?:\s+it)?(?:\s+(?:in|as|to))?|\bcreate|\bwrite|\bexport|->|→)\s*["'`]?$/i;
const FILE = /[^/\\]\.[A-Za-z0-9]{1,5}$/;

/**
 * Guesses the grants in a person's own words, to prefill the chips the owner edits before signing:
 * "Summarise the PDFs in ~/Inbox into ~/Reports/summary.docx" reads `~/Inbox` and writes `~/Reports/summary.docx`.
 * Never used on anything but text the owner typed.
 */
export function grantsInWords(text: string): Grant[] {
  const grants = new Map<string, Grant>();
  for (const match of text.matchAll(PATH)) {
    const path = (match[1] ?? match[0]).replace(/[.!?:)\]]+$/, '');
    if (path === '/' || path === '~') continue;
    const writes = WRITES.test(text.slice(0, match.index)) && FILE.test(path);
    const grant: Grant = writes ? { do: 'write', path, replace: false } : { do: 'read', path };
    if (!grants.has(path)) grants.set(path, grant);
  }
  return [...grants.values()];
}
