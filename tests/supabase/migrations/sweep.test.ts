import { afterAll, beforeAll, expect, test } from 'bun:test';
import { offerOf, desktopIdentity, paired, sealed, type Pair } from '../../support/paired.ts';
import { relayStack, type RelayStack } from '../../support/relay-stack.ts';
import { rows } from '../../support/rows.ts';

let stack: RelayStack;
let pair: Pair;
beforeAll(async () => {
  stack = await relayStack();
  pair = await paired(stack);
}, 60_000);
afterAll(() => stack.stop());

const sweep = () => stack.sql`select private.sweep()`;
const send = async (): Promise<string> =>
  (await pair.phone.relay.postEnvelope(await sealed(pair.phone.identity, [pair.desktop.identity]))).id;

test('what has expired is forgotten, what has not stays', async () => {
  const [old, live] = [await send(), await send()];
  await stack.sql`update private.envelopes set exp = now() where id = ${old}`;
  await sweep();
  expect(await rows(stack.sql`select id from private.envelopes`)).toEqual([{ id: live }]);
  expect(await rows(stack.sql`select envelope from private.deliveries`)).toEqual([{ envelope: live }]);
});

test('a delivered envelope is remembered until it expires, without its bytes', async () => {
  const { envelopes } = await pair.desktop.relay.pull({ max: 10, epoch: 1 });
  await pair.desktop.relay.ack(envelopes);
  await sweep();
  expect(await rows(stack.sql`select body from private.envelopes`)).toEqual([{ body: null }]);
});

test('what waited for a revoked device alone loses its bytes', async () => {
  const second = await paired(stack, pair);
  const envelope = await sealed(pair.phone.identity, [second.desktop.identity]);
  const { id } = await pair.phone.relay.postEnvelope(envelope);
  await pair.phone.relay.revokeDevice(second.desktop.identity.device.kid);
  await sweep();
  expect(await rows(stack.sql`select body from private.envelopes where id = ${id}`)).toEqual([{ body: null }]);
});

test('parts go after 30 days, pushes after seven, full buckets after one', async () => {
  const bytes = new Uint8Array([1]);
  const [old, live] = [await pair.phone.relay.putBlob(bytes), await pair.phone.relay.putBlob(bytes)];
  await stack.sql`update private.blobs set created_at = now() - interval '31 days' where id = ${old}`;
  await stack.sql`
    insert into private.pushes (kid, state, created_at)
    select ${pair.phone.identity.device.kid}, 'sent', now() - days * interval '1 day' from unnest(array[6, 8]) as days`;
  await stack.sql`delete from private.buckets`;
  await stack.sql`
    insert into private.buckets values ('old', 1, now() - interval '25 hours'), ('live', 1, now() - interval '23 hours')`;
  await sweep();
  expect(await rows(stack.sql`select id from private.blobs`)).toEqual([{ id: live }]);
  expect(await rows(stack.sql`select state from private.pushes`)).toEqual([{ state: 'sent' }]);
  expect(await rows(stack.sql`select key from private.buckets`)).toEqual([{ key: 'live' }]);
});

test('offers and numbers that nobody can use any more go', async () => {
  await offerOf(stack, await desktopIdentity());
  await stack.client().sessionNonce(pair.desktop.identity.device.kid);
  await stack.sql`update private.pairings set exp = now()`;
  await stack.sql`update private.nonces set exp = now()`;
  await sweep();
  expect(await rows(stack.sql`select pid from private.pairings`)).toEqual([]);
  expect(await rows(stack.sql`select nonce from private.nonces`)).toEqual([]);
});

test('an account that is deleted leaves nothing', async () => {
  await send();
  await pair.phone.relay.putBlob(new Uint8Array([1]));
  await stack.sql`delete from auth.users where id = ${pair.person.userId}`;
  for (const table of ['devices', 'envelopes', 'deliveries', 'blobs']) {
    expect(await rows(stack.sql`select from private.${stack.sql(table)}`)).toEqual([]);
  }
});
