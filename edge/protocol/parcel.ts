import * as z from 'zod/mini';
import { concat, fromB64u, sha256B64u, toB64u, toBytes } from './bytes.ts';
import { hashSchema, idSchema } from './id.ts';

/** Up to this many bytes a file travels inside its event or task. */
export const INLINE_BYTES = 90_000;
/** Bytes of one sealed part at the relay. */
export const PART_BYTES = 190 * 1024;
/** Bytes of the largest file that travels; a larger one stays on the desk and says so. */
export const MAX_PARCEL_BYTES = 24 * 1024 * 1024;

/** Where a file's bytes are: in the message, sealed at the relay, or only on the desktop. */
const contentSchema = z.discriminatedUnion('at', [
  z.object({ at: z.literal('inline'), data: z.string() }),
  z.object({ at: z.literal('relay'), key: z.string(), parts: z.array(idSchema) }),
  z.object({ at: z.literal('desk'), why: z.string() }),
]);

/** A file on its way between devices. `sha256` is of the plain bytes; `preview` is inert text. */
export const parcelSchema = z.object({
  name: z.string().check(z.minLength(1), z.maxLength(255)),
  type: z.string().check(z.maxLength(128)),
  size: z.int().check(z.nonnegative()),
  sha256: hashSchema,
  preview: z.optional(z.string().check(z.maxLength(4000))),
  content: contentSchema,
});
export type Parcel = z.infer<typeof parcelSchema>;

export class ParcelDamaged extends Error {
  override readonly name = 'ParcelDamaged';
}

const importKey = (raw: Uint8Array<ArrayBuffer>): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);

/** Each part is sealed under a key of its own parcel, so a counter is a safe nonce; the count in the aad shows a missing part. */
const seal = (index: number, count: number): AesGcmParams => {
  const iv = new Uint8Array(12);
  new DataView(iv.buffer).setUint32(8, index);
  return { name: 'AES-GCM', iv, additionalData: toBytes(`errand1 part ${index}/${count}`) };
};

/** Makes a parcel. `putPart` stores sealed bytes at the relay and answers their id. */
export async function packParcel(options: {
  name: string;
  type: string;
  bytes: Uint8Array<ArrayBuffer>;
  preview?: string;
  /** Bytes that still fit into the message, when other files share it. */
  inlineBytes?: number;
  putPart: (sealed: Uint8Array<ArrayBuffer>) => Promise<string>;
}): Promise<Parcel> {
  const { name, type, bytes, preview, putPart } = options;
  const about = {
    name,
    type,
    size: bytes.length,
    sha256: await sha256B64u(bytes),
    ...(preview === undefined ? {} : { preview: preview.slice(0, 4000) }),
  };
  if (bytes.length <= Math.min(INLINE_BYTES, options.inlineBytes ?? INLINE_BYTES))
    return { ...about, content: { at: 'inline', data: toB64u(bytes) } };
  if (bytes.length > MAX_PARCEL_BYTES) {
    return { ...about, content: { at: 'desk', why: 'The file is larger than 24 MB. It is on the desktop.' } };
  }
  const raw = crypto.getRandomValues(new Uint8Array(32));
  const key = await importKey(raw);
  const count = Math.ceil(bytes.length / PART_BYTES);
  const parts: string[] = [];
  for (let index = 0; index < count; index++) {
    const part = bytes.slice(index * PART_BYTES, (index + 1) * PART_BYTES);
    parts.push(await putPart(new Uint8Array(await crypto.subtle.encrypt(seal(index, count), key, part))));
  }
  return { ...about, content: { at: 'relay', key: toB64u(raw), parts } };
}

/** The file's bytes, checked against its hash. Throws {@link ParcelDamaged}; errors of `getPart` pass through. */
export async function unpackParcel(
  parcel: Parcel,
  getPart: (id: string) => Promise<Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await contentBytes(parcel, getPart);
  if ((await sha256B64u(bytes)) !== parcel.sha256) throw new ParcelDamaged('The file does not match its hash.');
  return bytes;
}

async function contentBytes(
  parcel: Parcel,
  getPart: (id: string) => Promise<Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array<ArrayBuffer>> {
  const { content } = parcel;
  if (content.at === 'inline') return fromB64u(content.data);
  if (content.at === 'desk') throw new ParcelDamaged(content.why);
  const key = await importKey(fromB64u(content.key));
  const parts: Uint8Array[] = [];
  for (const [index, id] of content.parts.entries()) {
    const sealed = await getPart(id);
    try {
      parts.push(new Uint8Array(await crypto.subtle.decrypt(seal(index, content.parts.length), key, sealed)));
    } catch {
      throw new ParcelDamaged('A part of the file was altered on its way.');
    }
  }
  return concat(...parts);
}
