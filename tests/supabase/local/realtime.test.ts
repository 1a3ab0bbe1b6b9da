import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { RealtimeChannel, SupabaseClient } from '@supabase/supabase-js';
import { fixtures } from './fixtures.ts';
import { attack } from '../../support/evidence.ts';
import { newAdmin, newClient, signUp } from '../../support/stack-people.ts';
import { testStack } from '../../support/stack.ts';
import type { TestStack } from '../../support/stack.ts';
import { until } from '../../support/until.ts';

type Heard = { status: string[]; reasons: string[]; pokes: unknown[]; closed: string[]; channel: RealtimeChannel };

const happens = (condition: () => boolean): Promise<boolean> => until(condition, Boolean);

/** Joins `topic` and keeps what the channel says. */
async function listen(client: SupabaseClient, topic: string, isPrivate = true): Promise<Heard> {
  await client.realtime.setAuth();
  const channel = client.channel(topic, { config: { private: isPrivate } });
  const heard: Heard = { status: [], reasons: [], pokes: [], closed: [], channel };
  channel
    .on('broadcast', { event: 'poke' }, (message) => void heard.pokes.push(message.payload))
    .on('system', {}, (payload: { message: string }) => void heard.closed.push(payload.message))
    .subscribe((status, error) => {
      heard.status.push(status);
      if (error) heard.reasons.push(`${error.message} ${JSON.stringify(error.cause)}`);
    });
  await happens(() => heard.status.length > 0);
  return heard;
}

/** Resolves when the stack has handled everything this client said before: a socket's messages keep their order. */
async function handled(client: SupabaseClient): Promise<void> {
  const beats: string[] = [];
  client.realtime.onHeartbeat((status) => void beats.push(status));
  await client.realtime.sendHeartbeat();
  await happens(() => beats.includes('ok'));
}

setDefaultTimeout(60_000);

describe('the doorbell', () => {
  let stack: TestStack;
  const clock = { aheadMs: 0 };
  const open: SupabaseClient[] = [];
  const kept = (client: SupabaseClient): SupabaseClient => {
    open.push(client);
    return client;
  };
  beforeAll(async () => {
    stack = await testStack({
      migrationsDir: fixtures,
      clock: () => Date.now() + clock.aheadMs,
    });
  });
  afterEach(async () => {
    clock.aheadMs = 0;
    for (const client of open.splice(0)) await client.realtime.disconnect();
  });
  afterAll(() => stack.stop());

  test('rings for whoever the policy lets into the private channel, and only there', async () => {
    const [mine, other] = [await signUp(stack), await signUp(stack)];
    const heard = await listen(kept(mine.client), `user:${mine.userId}`);
    const elsewhere = await listen(kept(other.client), `user:${other.userId}`);
    expect([heard.status, elsewhere.status]).toEqual([['SUBSCRIBED'], ['SUBSCRIBED']]);
    await newAdmin(stack).rpc('ring', { topic: `user:${mine.userId}`, words: 'pull now é' });
    await happens(() => heard.pokes.length > 0);
    expect(heard.pokes).toMatchObject([{ words: 'pull now é' }]);
    expect(elsewhere.pokes).toEqual([]);
  });

  test("refuses the topic of somebody else, with hosted's words", async () => {
    const [mine, other] = [await signUp(stack), await signUp(stack)];
    const heard = await listen(kept(mine.client), `user:${other.userId}`);
    expect(heard.status[0]).toBe('CHANNEL_ERROR');
    expect(heard.reasons[0]).toContain('You do not have permissions to read from this Channel topic');
  });

  test('refuses a public channel and whoever is not signed in', async () => {
    const mine = await signUp(stack);
    const open1 = await listen(kept(mine.client), `user:${mine.userId}`, false);
    expect(open1.reasons[0]).toContain('PrivateOnly');
    const nobody = await listen(kept(newClient(stack)), `user:${mine.userId}`);
    expect(nobody.status[0]).toBe('CHANNEL_ERROR');
    const service = await listen(kept(newAdmin(stack)), `user:${mine.userId}`);
    expect(service.status[0]).toBe('CHANNEL_ERROR');
  });

  test('what a client sends reaches nobody', async () => {
    const mine = await signUp(stack);
    const heard = await listen(kept(mine.client), `user:${mine.userId}`);
    await heard.channel.send({ type: 'broadcast', event: 'poke', payload: { words: 'forged' } });
    await handled(mine.client);
    await newAdmin(stack).rpc('ring', { topic: `user:${mine.userId}`, words: 'real' });
    await happens(() => heard.pokes.length > 0);
    expect(heard.pokes).toMatchObject([{ words: 'real' }]);
  });

  attack('the doorbell', 'a person whom no policy lets ring reaches nobody through the database either', async () => {
    const [mine, other] = [await signUp(stack), await signUp(stack)];
    const heard = await listen(kept(mine.client), `user:${mine.userId}`);
    const topic = `user:${mine.userId}`;
    for (const { client } of [mine, other]) await client.rpc('ring', { topic, words: 'forged' });
    await newAdmin(stack).rpc('ring', { topic, words: 'real' });
    await happens(() => heard.pokes.length > 0);
    expect(heard.pokes).toMatchObject([{ words: 'real' }]);
  });

  test('a fresh token keeps the channel open beyond the first one', async () => {
    const mine = await signUp(stack);
    const heard = await listen(kept(mine.client), `user:${mine.userId}`);
    clock.aheadMs = 30 * 60_000;
    await mine.client.auth.refreshSession();
    await mine.client.realtime.setAuth();
    await handled(mine.client);
    clock.aheadMs = 75 * 60_000;
    await newAdmin(stack).rpc('ring', { topic: `user:${mine.userId}`, words: 'after the first token' });
    await happens(() => heard.pokes.length === 1);
    expect(heard.closed).toEqual([]);
  });

  test('an expired token closes the channel before another word is said in it', async () => {
    const mine = await signUp(stack);
    const heard = await listen(kept(mine.client), `user:${mine.userId}`);
    clock.aheadMs = 61 * 60_000;
    await newAdmin(stack).rpc('ring', { topic: `user:${mine.userId}`, words: 'too late' });
    await happens(() => heard.status.includes('CLOSED'));
    expect(heard.closed).toEqual(['Token has expired']);
    expect(heard.pokes).toEqual([]);
  });

  test('a token that the policy no longer accepts closes the channel', async () => {
    const mine = await signUp(stack);
    const heard = await listen(kept(mine.client), `user:${mine.userId}`);
    await stack.sql`alter policy "a topic per user" on realtime.messages using (false)`;
    try {
      await mine.client.auth.refreshSession();
      await mine.client.realtime.setAuth();
      await happens(() => heard.status.includes('CLOSED'));
      expect(heard.closed[0]).toContain('Unauthorized');
    } finally {
      await stack.sql`alter policy "a topic per user" on realtime.messages using (
        realtime.topic() = 'user:' || (select auth.uid())::text and realtime.messages.extension = 'broadcast')`;
    }
  });

  test('a failing broadcast does not break the transaction it belongs to', async () => {
    const { error } = await newAdmin(stack).rpc('ring', { topic: 'user:x', words: 'x'.repeat(9000) });
    expect(error).toBeNull();
  });

  test('a socket without a valid key is refused', async () => {
    const at = (key: string): Promise<Response> =>
      fetch(`${stack.url}/realtime/v1/websocket?apikey=${key}&vsn=2.0.0`, {
        headers: { upgrade: 'websocket', connection: 'upgrade' },
      });
    expect((await at('sb_publishable_guess')).status).toBe(401);
  });

  test.each([1, 2] satisfies (1 | 2)[])('speaks version %d of the protocol', async (version) => {
    const mine = await signUp(stack);
    const { data } = await mine.client.auth.getSession();
    const token = data.session?.access_token;
    const socket = new WebSocket(
      `${stack.url.replace('http', 'ws')}/realtime/v1/websocket?apikey=${stack.publishableKey}&vsn=${version}.0.0`,
    );
    const heard: unknown[] = [];
    socket.addEventListener('message', ({ data: text }) => void heard.push(JSON.parse(String(text))));
    await new Promise((resolve) => socket.addEventListener('open', resolve));
    const say = (topic: string, event: string, payload: unknown): void =>
      socket.send(
        JSON.stringify(
          version === 2 ? ['1', '1', topic, event, payload] : { topic, event, payload, ref: '1', join_ref: '1' },
        ),
      );
    const topic = `realtime:user:${mine.userId}`;
    socket.send('this is no frame');
    say(topic, 'phx_join', { config: { private: true }, access_token: token });
    await happens(() => heard.length === 1);
    say('phoenix', 'heartbeat', {});
    await happens(() => heard.length === 2);
    const ok = { status: 'ok', response: {} };
    const joined = { status: 'ok', response: { postgres_changes: [] } };
    expect(heard).toEqual(
      version === 2
        ? [
            ['1', '1', topic, 'phx_reply', joined],
            ['1', '1', 'phoenix', 'phx_reply', ok],
          ]
        : [
            { topic, event: 'phx_reply', payload: joined, ref: '1', join_ref: '1' },
            { topic: 'phoenix', event: 'phx_reply', payload: ok, ref: '1', join_ref: '1' },
          ],
    );
    socket.close();
  });
});
