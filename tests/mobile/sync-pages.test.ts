import { expect, test } from 'bun:test';
import * as z from 'zod/mini';
import { MAX_BODY_BYTES } from '../../edge/protocol/seal.ts';
import { newId } from '../../edge/protocol/id.ts';
import { newIdentity } from '../../edge/protocol/identity.ts';
import { upSchema } from '../../edge/protocol/up.ts';
import { memoryDb } from '../../mobile/link/memory-db.ts';
import { outboxRecordSchema } from '../../mobile/link/records.ts';
import { bunPhone } from './support/bun-phone.ts';

const idOf = (index: number): string => newId().slice(0, 18) + index.toString().padStart(4, '0');

test('a phone with thousands of errands says what it has in several bodies that each fit, and together leave none out', async () => {
  const db = memoryDb();
  const { device } = await newIdentity({ kind: 'desktop', name: 'Studio-PC', extractable: true });
  const desktop = device.kid;
  const ids = Array.from({ length: 4500 }, (_, index) => idOf(index));
  await db.write(async (tx) => {
    await tx.put('peers', desktop, { device, trusted: true, mayPower: true });
    for (const id of ids) {
      const sent = { at: 'relay' };
      const task = { id, desktop, thread: id, text: 'x', grants: [], files: [], at: 1, sent, answers: {} };
      await tx.put('tasks', id, task);
      const event = { kind: 'event', t: id, i: 1, prev: null, at: 1, what: { kind: 'note', text: 'x' } };
      await tx.put('events', `${id}/000000000001`, { json: JSON.stringify(event), hash: 'A'.repeat(43) });
    }
  });
  const phone = bunPhone('http://127.0.0.1:1/functions/v1/relay', { db });
  await phone.start();
  await phone.desktops.sync(desktop);
  const drafts = z.array(outboxRecordSchema).parse(await db.read((tx) => tx.all('outbox')));
  const said = drafts.map(({ draft }) => draft.json);
  expect(Math.max(...said.map((json) => json.length))).toBeLessThan(MAX_BODY_BYTES / 2);
  const pages = said.flatMap((json) => {
    const up = upSchema.parse(JSON.parse(json));
    return up.kind === 'sync' ? [up] : [];
  });
  expect(pages.map(({ range }) => [range?.from === '', range?.upto === null])).toEqual([
    [true, false],
    [false, false],
    [false, true],
  ]);
  expect(pages.slice(1).map(({ range }) => range?.from)).toEqual(
    pages.slice(0, -1).map(({ range }) => range?.upto ?? ''),
  );
  for (const { have, range } of pages) {
    for (const id of Object.keys(have))
      expect(id >= (range?.from ?? '') && (range?.upto === null || range?.upto === undefined || id < range.upto)).toBe(
        true,
      );
  }
  expect(pages.flatMap(({ have }) => Object.keys(have)).toSorted()).toEqual(ids.toSorted());
  await phone.stop();
});
