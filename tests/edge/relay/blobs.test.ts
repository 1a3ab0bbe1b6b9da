import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { newId } from '../../../edge/protocol/id.ts';
import { PART_BYTES } from '../../../edge/protocol/parcel.ts';
import { paired, type Pair } from '../../support/paired.ts';
import { refusalOf } from '../../support/refusal.ts';
import { limits, relayStack, type RelayStack } from '../../support/relay-stack.ts';

let stack: RelayStack;
let pair: Pair;
let stranger: Pair;
beforeAll(async () => {
  stack = await relayStack({ env: limits({ bytes: [2_000_000, 86_400], blobsKept: 500_000 }) });
  [pair, stranger] = [await paired(stack), await paired(stack)];
}, 60_000);
afterAll(() => stack.stop());
beforeEach(async () => void (await stack.sql`delete from private.buckets`));

const random = (size: number): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
};

test('a sealed part comes back byte for byte, to either end', async () => {
  // The largest part that a parcel makes, with its seal.
  const bytes = random(PART_BYTES + 16);
  const id = await pair.desktop.relay.putBlob(bytes);
  expect(await pair.phone.relay.getBlob(id)).toEqual(bytes);
  expect(await pair.desktop.relay.getBlob(id)).toEqual(bytes);
});

test('a phone may send parts too', async () => {
  const bytes = random(3);
  expect(await pair.desktop.relay.getBlob(await pair.phone.relay.putBlob(bytes))).toEqual(bytes);
});

test("nobody gets another account's part, or one that is not there", async () => {
  const id = await pair.desktop.relay.putBlob(random(10));
  expect(await refusalOf(stranger.phone.relay.getBlob(id))).toBe('blob.unknown');
  expect(await refusalOf(pair.phone.relay.getBlob(newId()))).toBe('blob.unknown');
  expect(await refusalOf(pair.phone.relay.getBlob('x'))).toBe('blob.unknown');
  expect(await refusalOf(stack.client().getBlob(id))).toBe('auth.missing');
});

test('a part of more than 192 kB is refused, also when it does not say how long it is', async () => {
  const bytes = random(192 * 1024 + 1);
  expect(await refusalOf(pair.desktop.relay.putBlob(bytes))).toBe('request.too-large');
  const { data } = await pair.desktop.supabase.auth.getSession();
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (stream) => {
      sent += 65_536;
      stream.enqueue(random(65_536));
    },
  });
  const headers = { authorization: `Bearer ${data.session?.access_token}` };
  const response = await stack.request('/blobs', { method: 'POST', body, headers });
  expect(await response.json()).toMatchObject({ error: { code: 'request.too-large' } });
  // It has no end: what was taken of it is what the sockets in between hold.
  expect(sent).toBeLessThan(32_000_000);
});

test('an empty part is none', async () => {
  expect(await refusalOf(pair.desktop.relay.putBlob(new Uint8Array()))).toBe('request.malformed');
});

test('the oldest parts make room', async () => {
  const ids: string[] = [];
  for (let count = 0; count < 4; count++) ids.push(await pair.desktop.relay.putBlob(random(150_000)));
  expect(await refusalOf(pair.phone.relay.getBlob(ids[0] ?? ''))).toBe('blob.unknown');
  expect(await refusalOf(pair.phone.relay.getBlob(ids[3] ?? ''))).toBeUndefined();
});

test('an account sends so many bytes a day', async () => {
  const codes = [];
  for (let count = 0; count < 11; count++) codes.push(await refusalOf(stranger.desktop.relay.putBlob(random(190_000))));
  expect(codes.filter((code) => code === 'quota.exceeded')).toHaveLength(1);
  expect(await refusalOf(stranger.phone.relay.putBlob(random(190_000)))).toBe('quota.exceeded');
  expect(await refusalOf(pair.phone.relay.putBlob(random(190_000)))).toBeUndefined();
});
