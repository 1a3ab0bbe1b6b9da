import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { newId } from '../../../edge/protocol/id.ts';
import { paired, sealed, type Pair } from '../../support/paired.ts';
import { refusalOf } from '../../support/refusal.ts';
import { rows } from '../../support/rows.ts';
import { relayStack, type RelayStack } from '../../support/relay-stack.ts';

let stack: RelayStack;
let pair: Pair;
beforeAll(async () => {
  stack = await relayStack();
  pair = await paired(stack);
}, 60_000);
afterAll(() => stack.stop());
beforeEach(async () => {
  await stack.sql`delete from private.envelopes`;
  await stack.sql`delete from private.buckets`;
});

const pull = (epoch = 1, max = 10) => pair.desktop.relay.pull({ max, epoch });

async function send(header: Parameters<typeof sealed>[2] = {}): Promise<{ id: string; envelope: string }> {
  const envelope = await sealed(pair.phone.identity, [pair.desktop.identity], header);
  const { id } = await pair.phone.relay.postEnvelope(envelope);
  return { id, envelope };
}

describe('an envelope', () => {
  test('is stored, pulled and acknowledged', async () => {
    const { id, envelope } = await send();
    expect(await pull()).toMatchObject({ envelopes: [{ id, envelope, leaseNo: 1 }], due: [], more: false });
    await pair.desktop.relay.ack([{ id, leaseNo: 1 }]);
    expect((await pull(2)).envelopes).toEqual([]);
  });

  test('comes in the order it was sent, as many at once as asked for', async () => {
    const sent = [await send(), await send(), await send()];
    const first = await pull(1, 2);
    expect(first.envelopes.map(({ id }) => id)).toEqual(sent.slice(0, 2).map(({ id }) => id));
    expect(first.more).toBe(true);
    const second = await pull(1, 2);
    expect(second).toMatchObject({ envelopes: [{ id: sent[2]?.id }], more: false });
  });

  test('sent again unchanged answers the same and is delivered once', async () => {
    const { id, envelope } = await send();
    expect(await pair.phone.relay.postEnvelope(envelope)).toMatchObject({ id });
    expect((await pull()).envelopes).toHaveLength(1);
  });

  test('sent ten times at once is delivered once', async () => {
    const envelope = await sealed(pair.phone.identity, [pair.desktop.identity]);
    await Promise.all(Array.from({ length: 10 }, () => pair.phone.relay.postEnvelope(envelope)));
    expect((await pull()).envelopes).toHaveLength(1);
  });

  test('is refused when other bytes came under its id', async () => {
    const { id } = await send();
    const other = await sealed(pair.phone.identity, [pair.desktop.identity], { id });
    expect(await refusalOf(pair.phone.relay.postEnvelope(other))).toBe('envelope.conflict');
  });

  test('leaves only its id and hash behind when everybody has it, and does not come back', async () => {
    const { id, envelope } = await send();
    await pull();
    await pair.desktop.relay.ack([{ id, leaseNo: 1 }]);
    const [left] = await stack.sql`select body, fetched from private.envelopes where id = ${id}`;
    expect(left).toEqual({ body: null, fetched: true });
    await pair.phone.relay.postEnvelope(envelope);
    expect((await pull(2)).envelopes).toEqual([]);
  });

  test('is kept until its last recipient has it', async () => {
    const second = await paired(stack, pair);
    const envelope = await sealed(pair.phone.identity, [pair.desktop.identity, second.desktop.identity]);
    await pair.phone.relay.postEnvelope(envelope);
    const [first] = (await pull()).envelopes;
    const [other] = (await second.desktop.relay.pull({ max: 10, epoch: 1 })).envelopes;
    expect([first?.envelope, other?.envelope]).toEqual([envelope, envelope]);
    await pair.desktop.relay.ack([{ id: first?.id ?? '', leaseNo: 1 }]);
    const body = () =>
      rows(stack.sql`select body is null as gone from private.envelopes where id = ${first?.id ?? ''}`);
    expect(await body()).toEqual([{ gone: false }]);
    await second.desktop.relay.ack([{ id: first?.id ?? '', leaseNo: 1 }]);
    expect(await body()).toEqual([{ gone: true }]);
  });

  test('that has expired is not handed out', async () => {
    const { id } = await send();
    await stack.sql`update private.envelopes set exp = now() - interval '1 second' where id = ${id}`;
    expect(await pull()).toMatchObject({ envelopes: [], more: false });
  });

  test('that is larger than what fits into one answer waits for the next', async () => {
    const sizes = await Promise.all(Array.from({ length: 25 }, () => send()));
    await stack.sql`update private.envelopes set body = repeat('x', 190000)`;
    const first = await pull(1, 100);
    expect(first.envelopes.length).toBeLessThan(sizes.length);
    expect(first.envelopes.length).toBeGreaterThan(15);
    expect(first.more).toBe(true);
    expect(first.envelopes.length + (await pull(1, 100)).envelopes.length).toBe(sizes.length);
  });
});

describe('a lease', () => {
  test('keeps an envelope from a second pull, and ends after a minute', async () => {
    const { id } = await send();
    await pull();
    expect(await pull()).toMatchObject({ envelopes: [], more: false });
    await stack.sql`update private.deliveries set leased_until = now() - interval '1 second'`;
    expect(await pull()).toMatchObject({ envelopes: [{ id, leaseNo: 2 }] });
  });

  test('is taken over at once by a higher epoch, and not by a lower one', async () => {
    const { id } = await send();
    await pull(5);
    expect((await pull(4)).envelopes).toEqual([]);
    expect((await pull(5)).envelopes).toEqual([]);
    expect(await pull(6)).toMatchObject({ envelopes: [{ id, leaseNo: 2 }] });
  });

  test('that was taken over acknowledges nothing', async () => {
    const { id } = await send();
    await pull(1);
    await pull(2);
    await pair.desktop.relay.ack([{ id, leaseNo: 1 }]);
    expect(await pull(3)).toMatchObject({ envelopes: [{ id, leaseNo: 3 }] });
  });

  test("is nobody else's to acknowledge", async () => {
    const stranger = await paired(stack);
    const { id } = await send();
    await pull();
    await stranger.desktop.relay.ack([{ id, leaseNo: 1 }]);
    await pair.phone.relay.ack([{ id, leaseNo: 1 }]);
    expect((await pull(2)).envelopes).toHaveLength(1);
  });

  test('is held by one of many pulls at once', async () => {
    await Promise.all(Array.from({ length: 8 }, () => send()));
    const pulls = await Promise.all(Array.from({ length: 6 }, () => pull(1, 3)));
    const ids = pulls.flatMap(({ envelopes }) => envelopes.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('withdrawing', () => {
  test('takes back what nobody fetched; a late retry does not revive it', async () => {
    const { id, envelope } = await send();
    await pair.phone.relay.withdraw(id);
    await pair.phone.relay.withdraw(id);
    await pair.phone.relay.postEnvelope(envelope);
    expect((await pull()).envelopes).toEqual([]);
    expect(await rows(stack.sql`select body from private.envelopes where id = ${id}`)).toEqual([{ body: null }]);
  });

  test('is too late once somebody fetched it, also after the ack', async () => {
    const { id } = await send();
    await pull();
    expect(await refusalOf(pair.phone.relay.withdraw(id))).toBe('envelope.fetched');
    await pair.desktop.relay.ack([{ id, leaseNo: 1 }]);
    expect(await refusalOf(pair.phone.relay.withdraw(id))).toBe('envelope.fetched');
  });

  test('is for the sender alone', async () => {
    const { id } = await send();
    expect(await refusalOf(pair.desktop.relay.withdraw(id))).toBe('envelope.unknown');
    expect(await refusalOf(pair.phone.relay.withdraw(newId()))).toBe('envelope.unknown');
    expect(await refusalOf(pair.phone.relay.withdraw('x'))).toBe('envelope.unknown');
  });
});

describe('a collapse key', () => {
  const say = async (c: string): Promise<string> => {
    const envelope = await sealed(pair.desktop.identity, [pair.phone.identity], { c });
    return (await pair.desktop.relay.postEnvelope(envelope)).id;
  };

  test('keeps the newest of its key, and nothing of the older ones', async () => {
    const old = await say('live');
    const other = await say('seen');
    const newest = await say('live');
    const { envelopes } = await pair.phone.relay.pull({ max: 10, epoch: 1 });
    expect(envelopes.map(({ id }) => id)).toEqual([other, newest]);
    expect(await rows(stack.sql`select body from private.envelopes where id = ${old}`)).toEqual([{ body: null }]);
  });

  test('never stands in the way of an ack of what it replaces', async () => {
    const refused: unknown[] = [];
    for (let round = 0; round < 30; round++) {
      await say('live');
      const { envelopes } = await pair.phone.relay.pull({ max: 10, epoch: round });
      const calls = [say('live'), pair.phone.relay.ack(envelopes), say('live')];
      refused.push(...(await Promise.allSettled(calls)).filter(({ status }) => status === 'rejected'));
    }
    expect(refused).toEqual([]);
  }, 30_000);

  test('replaces nothing of another desktop', async () => {
    const second = await paired(stack, pair);
    const mine = await say('seen');
    const theirs = await sealed(second.desktop.identity, [pair.phone.identity], { c: 'seen' });
    const { id } = await second.desktop.relay.postEnvelope(theirs);
    const left = await stack.sql`select envelope from private.deliveries order by seq`;
    expect(left.map(({ envelope }) => String(envelope))).toEqual([mine, id]);
  });
});

test('whoever pulled within the last minute is here', async () => {
  const here = async (): Promise<boolean | undefined> => {
    const { devices } = await pair.phone.relay.devices();
    return devices.find(({ kid }) => kid === pair.desktop.identity.device.kid)?.here;
  };
  await pull();
  expect(await here()).toBe(true);
  await stack.sql`update private.devices set last_seen = now() - interval '61 seconds'`;
  expect(await here()).toBe(false);
});
