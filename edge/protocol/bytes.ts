import { base64url } from 'jose';

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

export const toBytes = (text: string): Uint8Array<ArrayBuffer> => utf8.encode(text);

/** Throws TypeError on bytes that are not UTF-8. */
export const toText = (bytes: Uint8Array): string => strictUtf8.decode(bytes);

export const toB64u = (bytes: Uint8Array): string => base64url.encode(bytes);

/**
 * Decodes base64url without padding and refuses every other spelling of the same bytes, so that one message has one text.
 * Throws TypeError.
 */
export function fromB64u(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(base64url.decode(text));
  if (base64url.encode(bytes) !== text) throw new TypeError('not canonical base64url');
  return bytes;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** SHA-256 as base64url: how every hash is written on the wire. */
export const sha256B64u = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> => toB64u(await sha256(bytes));
