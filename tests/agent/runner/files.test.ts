import { afterEach, expect, test } from 'bun:test';
import { RelayError } from '../../../edge/mailbox/relay-client.ts';
import { newId } from '../../../edge/protocol/id.ts';
import { INLINE_BYTES, packParcel, unpackParcel } from '../../../edge/protocol/parcel.ts';
import { MAX_BODY_BYTES } from '../../../edge/protocol/seal.ts';
import type { Parts } from '../../../agent/runner/deps.ts';
import type { Model } from '../../../agent/runner/model.ts';
import { calling } from '../../support/calling-model.ts';
import { testRunner, type TestRunner } from '../../support/test-runner.ts';

/* Files that come with a task, and files that go back. The model is a list of calls. */

let desk: TestRunner;
afterEach(() => desk.clear());

const write = (path: string, bytes: number) => ({ name: 'write_text', input: { path, text: 'x'.repeat(bytes) } });

function memoryParts(): Parts & { up: boolean } {
  const kept = new Map<string, Uint8Array<ArrayBuffer>>();
  const parts = {
    up: true,
    put: async (sealed: Uint8Array<ArrayBuffer>) => {
      if (!parts.up) throw new Error('no network');
      const id = newId();
      kept.set(id, sealed);
      return id;
    },
    get: async (id: string) => kept.get(id) ?? Promise.reject(new Error('no such part')),
  };
  return parts;
}

async function run(model: Model, parts: Parts): Promise<string> {
  desk = testRunner({ model, parts });
  const t = desk.task('Write', { grants: [{ do: 'write', path: '~/out', replace: true }] });
  await desk.reaches(t, 'ended');
  expect(desk.record(t).state).toMatchObject({ fate: 'done' });
  return t;
}

test('a large file goes to the relay in sealed parts, and comes out whole', async () => {
  const parts = memoryParts();
  const t = await run(calling(write('~/out/large.txt', 500_000)), parts);
  const [parcel] = desk.result(t).files;
  expect(parcel?.content.at).toBe('relay');
  if (!parcel) throw new Error('no file');
  expect((await unpackParcel(parcel, parts.get)).length).toBe(500_000);
});

test('several files that would each fit share the room of one message', async () => {
  const t = await run(
    calling(write('~/out/a.txt', 60_000), write('~/out/b.txt', 60_000), write('~/out/c.txt', 20)),
    memoryParts(),
  );
  const { files } = desk.result(t);
  expect(files.map(({ name, content }) => [name, content.at])).toEqual([
    ['a.txt', 'inline'],
    ['b.txt', 'relay'],
    ['c.txt', 'inline'],
  ]);
  expect(files.reduce((sum, { size, content }) => sum + (content.at === 'inline' ? size : 0), 0)).toBeLessThan(
    INLINE_BYTES,
  );
});

test('without a network a large file stays on the desk and says so, and a small one travels in the message', async () => {
  const parts = memoryParts();
  parts.up = false;
  const t = await run(calling(write('~/out/large.txt', 500_000), write('~/out/small.txt', 10)), parts);
  expect(desk.result(t).files.map(({ content }) => content.at)).toEqual(['desk', 'inline']);
});

test('a file written twice is sent once, as it was left', async () => {
  const t = await run(calling(write('~/out/a.txt', 10), write('~/out/a.txt', 20)), memoryParts());
  expect(desk.result(t).files.map(({ name, size }) => [name, size])).toEqual([['a.txt', 20]]);
});

test('an attached file that lies at the relay is fetched into the workspace', async () => {
  const parts = memoryParts();
  const bytes = new TextEncoder().encode('scan '.repeat(40_000));
  const parcel = await packParcel({ name: 'scan.txt', type: 'text/plain', bytes, putPart: parts.put });
  desk = testRunner({ model: calling(), parts });
  const t = desk.task('Read it', { files: [parcel, parcel] });
  await desk.reaches(t, 'ended');
  expect(desk.read(`.errand/work/${t}/scan.txt`).length).toBe(200_000);
  expect(desk.read(`.errand/work/${t}/2 scan.txt`).length).toBe(200_000);
});

test('whatever a task wrote, its result fits into one message', async () => {
  const files = Array.from({ length: 20 }, (_, i) => ({
    name: 'write_text',
    input: { path: `~/out/${i}.txt`, text: (i === 0 ? '\u0001' : '漢').repeat(i === 0 ? 80_000 : 40_000) },
  }));
  const t = await run(calling(...files), memoryParts());
  const result = desk.result(t);
  expect(result.files).toHaveLength(20);
  expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(MAX_BODY_BYTES - 1000);
});

test('an attached file is fetched once the network is back', async () => {
  const parts = memoryParts();
  const bytes = new TextEncoder().encode('scan '.repeat(40_000));
  const parcel = await packParcel({ name: 'scan.txt', type: 'text/plain', bytes, putPart: parts.put });
  let tries = 0;
  const flaky: Parts = {
    ...parts,
    get: (id) => (++tries < 3 ? Promise.reject(new RelayError('network.unreachable', 'no network')) : parts.get(id)),
  };
  desk = testRunner({ model: calling(), parts: flaky });
  const t = desk.task('Read it', { files: [parcel] });
  await desk.reaches(t, 'ended');
  expect(desk.record(t).state).toMatchObject({ fate: 'done' });
});
