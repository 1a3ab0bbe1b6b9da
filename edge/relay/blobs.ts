import { idSchema, newId } from '../protocol/id.ts';
import type { RelayDeps, RelayHandler } from './deps.ts';
import { Refusal } from './errors.ts';
import { byteBucket } from './limits.ts';

export function postBlob({ store, limits }: RelayDeps): RelayHandler {
  return async (c) => {
    const { owner } = c.get('device');
    const bytes = new Uint8Array(await c.req.arrayBuffer());
    if (bytes.length === 0) throw new Refusal('request.malformed');
    const id = newId();
    const buckets = [byteBucket(limits, owner, bytes.length)];
    await store.putBlob({ owner, id, base64: toBase64(bytes), buckets, cap: limits.blobsKept });
    return c.json({ id });
  };
}

export function getBlob({ store }: RelayDeps): RelayHandler {
  return async (c) => {
    const id = idSchema.safeParse(c.req.param('id'));
    const base64 = id.success ? await store.getBlob(c.get('device').owner, id.data) : null;
    if (base64 === null) throw new Refusal('blob.unknown');
    return c.body(fromBase64(base64), 200, { 'content-type': 'application/octet-stream' });
  };
}

/** In slices, because a call takes only so many arguments. */
function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}

/** PostgreSQL breaks base64 into lines, which `atob` overlooks. */
const fromBase64 = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
