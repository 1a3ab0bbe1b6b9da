import { createHash } from 'node:crypto';

/** SHA-256 as base64url, like `sha256B64u` of the protocol, but at once: transactions cannot wait. */
export const hashNow = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('base64url');
