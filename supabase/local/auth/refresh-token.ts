import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a refresh token says: the session, and the how-manieth token of it this is. */
export type RefreshToken = { sessionId: string; counter: number };

const idBytes = 16;
const counterBytes = 6;
const hashBytes = 24;

/**
 * session | counter | HMAC over both, base64url. Nothing of it is stored: the database cannot give away a
 * session, and rotation is one number.
 */
export function writeRefreshToken({ sessionId, counter }: RefreshToken, key: Buffer): string {
  const said = Buffer.alloc(idBytes + counterBytes);
  said.write(sessionId.replaceAll('-', ''), 'hex');
  said.writeUIntBE(counter, idBytes, counterBytes);
  return Buffer.concat([said, hash(said, key)]).toString('base64url');
}

export function readRefreshToken(token: string, key: Buffer): RefreshToken | undefined {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length !== idBytes + counterBytes + hashBytes) return undefined;
  const said = bytes.subarray(0, idBytes + counterBytes);
  if (!timingSafeEqual(bytes.subarray(said.length), hash(said, key))) return undefined;
  const hex = said.toString('hex', 0, idBytes);
  const sessionId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { sessionId, counter: said.readUIntBE(idBytes, counterBytes) };
}

function hash(said: Buffer, key: Buffer): Buffer {
  return createHmac('sha256', key).update('errand refresh token\0').update(said).digest().subarray(0, hashBytes);
}
