import { CompactSign } from 'jose';
import { fromB64u, toB64u, toBytes, toText } from '../../edge/protocol/bytes.ts';
import type { Header } from '../../edge/protocol/envelope.ts';
import type { Identity } from '../../edge/protocol/identity.ts';

/* Envelopes as no honest device makes them. */

export const partsOf = (compact: string): [head: string, payload: string, signature: string] => {
  const [head = '', payload = '', signature = ''] = compact.split('.');
  return [head, payload, signature];
};

const headerOf = (head: string): Record<string, unknown> =>
  JSON.parse(toText(fromB64u(head))) as Record<string, unknown>;

/** Another header over the same payload and signature. */
export function withHeader(compact: string, change: (header: Record<string, unknown>) => unknown): string {
  const [head, payload, signature] = partsOf(compact);
  return [toB64u(toBytes(JSON.stringify(change(headerOf(head))))), payload, signature].join('.');
}

/** The header's text changed, over the same payload and signature. */
export function withHeaderText(compact: string, change: (text: string) => string): string {
  const [head, payload, signature] = partsOf(compact);
  return [toB64u(toBytes(change(toText(fromB64u(head))))), payload, signature].join('.');
}

/** The same header and payload signed by another, who leaves the sender's name on it. */
export function signedBy(compact: string, thief: Identity): Promise<string> {
  const [head, payload] = partsOf(compact);
  return new CompactSign(fromB64u(payload))
    .setProtectedHeader(headerOf(head) as unknown as Header)
    .sign(thief.signing.privateKey);
}
