import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { paired, sealed, type Pair } from '../../support/paired.ts';
import { relayStack, type RelayStack } from '../../support/relay-stack.ts';

describe('an envelope', () => {
  let stack: RelayStack;
  let pair: Pair;
  beforeAll(async () => {
    stack = await relayStack();
    pair = await paired(stack);
  }, 60_000);
  afterAll(() => stack.stop());

  test('is stored, pulled and acknowledged', async () => {
    const { phone, desktop } = pair;
    const envelope = await sealed(phone.identity, [desktop.identity]);
    const { id } = await phone.relay.postEnvelope(envelope);
    const pulled = await desktop.relay.pull({ max: 10, epoch: 1 });
    expect(pulled).toMatchObject({ envelopes: [{ id, envelope, leaseNo: 1 }], due: [], more: false });
    await desktop.relay.ack([{ id, leaseNo: 1 }]);
    expect((await desktop.relay.pull({ max: 10, epoch: 2 })).envelopes).toEqual([]);
  });
});
