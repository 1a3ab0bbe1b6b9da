/** Bytes at the head of a file that tell whether it is a private key. */
export const HEAD_BYTES = 4096;

const PEM = /^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----\r?\n(?:[\w-]+:.*\r?\n)*\s*[A-Za-z0-9+/=]{40,}/m;
const PUTTY = /^PuTTY-User-Key-File-\d/;

/** Keys are known by content: `*.key` alone would also refuse Keynote, whose files (zip, "PK") and folders end so too. */
export function isPrivateKey(name: string, head: Uint8Array): boolean {
  const text = new TextDecoder('latin1').decode(head);
  if (PEM.test(text) || PUTTY.test(text)) return true;
  return /\.key$/i.test(name) && head.length > 0 && !text.startsWith('PK');
}
