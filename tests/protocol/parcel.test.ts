import { expect, test } from 'bun:test';
import { sha256B64u } from '../../edge/protocol/bytes.ts';
import { newId } from '../../edge/protocol/id.ts';
import { PART_BYTES, ParcelDamaged, packParcel, unpackParcel } from '../../edge/protocol/parcel.ts';
import { attack } from '../support/evidence.ts';

const FILES = 'files on their way';

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

/** A file in three parts at the relay, and what became of its list of parts. */
async function inParts(change: (parts: readonly string[]) => readonly string[]) {
  const store = blobs();
  const bytes = new Uint8Array(PART_BYTES * 2 + 5).fill(7);
  const parcel = await packParcel({ name: 'a.bin', type: 'x', bytes, putPart: store.put });
  if (parcel.content.at !== 'relay') throw new Error('expected parts');
  return { store, parcel: { ...parcel, content: { ...parcel.content, parts: [...change(parcel.content.parts)] } } };
}

attack(FILES, 'parts of a file that the relay swapped are noticed', async () => {
  const { store, parcel } = await inParts(([first = '', second = '', ...rest]) => [second, first, ...rest]);
  const [one, two] = parcel.content.parts.map((id) => store.all.get(id) ?? new Uint8Array());
  // The plain bytes of these two are the same: no hash of the whole would tell.
  expect(one?.length).toBe(two?.length ?? 0);
  await expect(unpackParcel(parcel, store.get)).rejects.toThrow(ParcelDamaged);
});

attack(FILES, 'a file whose last part the relay kept back is noticed', async () => {
  const { store, parcel } = await inParts((parts) => parts.slice(0, 2));
  const short = new Uint8Array(PART_BYTES * 2).fill(7);
  // Even if its hash were that of what is left.
  const sha256 = await sha256B64u(short);
  await expect(unpackParcel({ ...parcel, sha256 }, store.get)).rejects.toThrow(ParcelDamaged);
});

attack(FILES, 'a part of a file that the relay altered is noticed', async () => {
  const { store, parcel } = await inParts((parts) => parts);
  const get = async (id: string) => (await store.get(id)).map((byte, at) => (at === 9 ? byte ^ 1 : byte));
  await expect(unpackParcel(parcel, get)).rejects.toThrow(ParcelDamaged);
});

attack(FILES, 'a file whose bytes are not those of its hash is refused', async () => {
  const bytes = new Uint8Array(100).fill(7);
  const parcel = await packParcel({ name: 'a.bin', type: 'x', bytes, putPart: blobs().put });
  await expect(unpackParcel({ ...parcel, sha256: 'A'.repeat(43) }, blobs().get)).rejects.toThrow(ParcelDamaged);
});
