import { expect, test } from 'bun:test';
import { newId } from '../../edge/protocol/id.ts';
import { INLINE_BYTES, PART_BYTES, ParcelDamaged, packParcel, unpackParcel } from '../../edge/protocol/parcel.ts';

function blobs(): {
  put: (bytes: Uint8Array<ArrayBuffer>) => Promise<string>;
  get: (id: string) => Promise<Uint8Array<ArrayBuffer>>;
  all: Map<string, Uint8Array<ArrayBuffer>>;
} {
  const all = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    all,
    put: async (bytes) => {
      const id = newId();
      all.set(id, bytes);
      return id;
    },
    get: async (id) => all.get(id) ?? Promise.reject(new Error('gone')),
  };
}

test('a small file travels inside its message', async () => {
  const store = blobs();
  const bytes = crypto.getRandomValues(new Uint8Array(10_000));
  const parcel = await packParcel({ name: 'a.bin', type: 'application/octet-stream', bytes, putPart: store.put });
  expect(store.all.size).toBe(0);
  expect(await unpackParcel(parcel, store.get)).toEqual(bytes);
});

test('a larger file travels in sealed parts that fit the relay', async () => {
  const store = blobs();
  const bytes = new Uint8Array(PART_BYTES * 2 + 5).fill(7);
  const parcel = await packParcel({ name: 'a.bin', type: 'x', bytes, putPart: store.put });
  expect(store.all.size).toBe(3);
  for (const part of store.all.values()) expect(part.length).toBeLessThanOrEqual(192 * 1024);
  expect(await unpackParcel(parcel, store.get)).toEqual(bytes);
});

test('parts that the relay swapped, cut or altered are noticed', async () => {
  const store = blobs();
  const bytes = new Uint8Array(INLINE_BYTES + PART_BYTES * 2).fill(7);
  const parcel = await packParcel({ name: 'a.bin', type: 'x', bytes, putPart: store.put });
  if (parcel.content.at !== 'relay') throw new Error('expected parts');
  const [first = '', second = '', ...rest] = parcel.content.parts;
  const swapped = { ...parcel, content: { ...parcel.content, parts: [second, first, ...rest] } };
  await expect(unpackParcel(swapped, store.get)).rejects.toThrow(ParcelDamaged);
  const cut = { ...parcel, content: { ...parcel.content, parts: [first, second] } };
  await expect(unpackParcel(cut, store.get)).rejects.toThrow(ParcelDamaged);
  await expect(unpackParcel({ ...parcel, sha256: 'A'.repeat(43) }, store.get)).rejects.toThrow(ParcelDamaged);
});
