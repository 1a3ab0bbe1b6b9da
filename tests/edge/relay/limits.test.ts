import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { RelayError } from '../../../edge/mailbox/relay-client.ts';
import { paired, sealed, type Pair } from '../../support/paired.ts';
import { refusalOf } from '../../support/refusal.ts';
import { limits, relayStack, type RelayStack } from '../../support/relay-stack.ts';

describe('sending', () => {
  let stack: RelayStack;
  let pair: Pair;
  beforeAll(async () => {
    stack = await relayStack({ env: limits({ tasks: [3, 60], tasksADay: [5, 86_400], messages: [4, 60], queued: 6 }) });
    pair = await paired(stack);
  }, 60_000);
  afterAll(() => stack.stop());
  beforeEach(async () => {
    await stack.sql`delete from private.envelopes`;
    await stack.sql`delete from private.buckets`;
  });

  const send = async (k: 'task' | 'ctl' | 'evt'): Promise<unknown> => {
    const [from, to] = k === 'evt' ? [pair.desktop, pair.phone] : [pair.phone, pair.desktop];
    return refusalOf(from.relay.postEnvelope(await sealed(from.identity, [to.identity], { k })));
  };
  const sendMany = async (k: 'task' | 'ctl' | 'evt', count: number): Promise<unknown[]> => {
    const codes: unknown[] = [];
    for (let sent = 0; sent < count; sent++) codes.push(await send(k));
    return codes;
  };

  test('so many tasks in a minute, then it says how long to wait', async () => {
    expect(await sendMany('task', 3)).toEqual([undefined, undefined, undefined]);
    const task = await sealed(pair.phone.identity, [pair.desktop.identity]);
    const refused = await pair.phone.relay.postEnvelope(task).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RelayError);
    expect(refused).toMatchObject({ code: 'quota.exceeded', retryAfter: 20 });
    await stack.sql`update private.buckets set at = at - interval '20 seconds'`;
    expect(await refusalOf(pair.phone.relay.postEnvelope(task))).toBeUndefined();
  });

  test('a refusal costs nothing, and neither does the same envelope again', async () => {
    const task = await sealed(pair.phone.identity, [pair.desktop.identity]);
    for (let again = 0; again < 5; again++) await pair.phone.relay.postEnvelope(task);
    expect(await sendMany('task', 3)).toEqual([undefined, undefined, 'quota.exceeded']);
    const levels = () => stack.sql`select key, level from private.buckets order by key`;
    const before = await levels();
    await send('task');
    expect(await levels()).toEqual(before);
  });

  test('so many tasks in a day', async () => {
    const codes = [...(await sendMany('task', 3))];
    await stack.sql`update private.buckets set level = 3 where key like 'tasks:%'`;
    codes.push(...(await sendMany('task', 3)));
    expect(codes.map((code) => code ?? 'sent')).toEqual([...Array<string>(5).fill('sent'), 'quota.exceeded']);
  });

  test('so many events and so many controls, each device for itself', async () => {
    expect((await sendMany('evt', 5)).at(-1)).toBe('quota.exceeded');
    expect((await sendMany('ctl', 5)).at(-1)).toBe('quota.exceeded');
    expect(await send('task')).toBeUndefined();
  });

  test('so many as may wait for a desktop', async () => {
    for (let round = 0; round < 2; round++) {
      await sendMany('task', 3);
      await stack.sql`delete from private.buckets`;
    }
    expect(await send('task')).toBe('quota.exceeded');
    const { envelopes } = await pair.desktop.relay.pull({ max: 1, epoch: 1 });
    await pair.desktop.relay.ack(envelopes);
    expect(await send('task')).toBeUndefined();
  });
});

test('many at once take no more than there is', async () => {
  const stack = await relayStack({ env: limits({ tasks: [5, 3600] }) });
  try {
    const pair = await paired(stack);
    const tasks = await Promise.all(
      Array.from({ length: 20 }, () => sealed(pair.phone.identity, [pair.desktop.identity])),
    );
    const codes = await Promise.all(tasks.map((task) => refusalOf(pair.phone.relay.postEnvelope(task))));
    expect(codes.filter((code) => code === undefined)).toHaveLength(5);
  } finally {
    await stack.stop();
  }
}, 60_000);
