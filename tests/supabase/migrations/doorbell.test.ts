import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { RealtimeChannel, SupabaseClient } from '@supabase/supabase-js';
import { POKE_EVENT, pokeSchema, pokeTopic } from '../../../edge/protocol/poke.ts';
import { mayRead } from '../../../supabase/local/realtime/may-read.ts';
import { attack } from '../../support/evidence.ts';
import { paired, sealed, tokenOf, type End, type Pair } from '../../support/paired.ts';
import { relayStack, type RelayStack } from '../../support/relay-stack.ts';
import { rows } from '../../support/rows.ts';
import { claimsOf, enrol, newClient } from '../../support/stack-people.ts';
import { until } from '../../support/until.ts';

let stack: RelayStack;
let pair: Pair;
let stranger: Pair;
const open: SupabaseClient[] = [];
beforeAll(async () => {
  stack = await relayStack();
  [pair, stranger] = [await paired(stack), await paired(stack)];
}, 60_000);
afterAll(async () => {
  for (const client of open) await client.realtime.disconnect();
  await stack.stop();
});

const topicOf = ({ identity }: End): string => pokeTopic(identity.device.kid);

async function mayJoin(client: SupabaseClient, topic: string, claims: object = {}): Promise<boolean> {
  const own = { ...claimsOf(await tokenOf(client)), ...claims };
  return mayRead(stack.sql, { topic, role: 'authenticated', claims: own });
}

interface Heard {
  readonly channel: RealtimeChannel;
  readonly status: string[];
  readonly pokes: unknown[];
}

async function listen({ supabase }: End, topic: string): Promise<Heard> {
  open.push(supabase);
  await supabase.realtime.setAuth();
  const channel = supabase.channel(topic, { config: { private: true } });
  const heard: Heard = { channel, status: [], pokes: [] };
  channel
    .on('broadcast', { event: POKE_EVENT }, ({ payload }) => void heard.pokes.push(payload))
    .subscribe((status) => void heard.status.push(status));
  await until(
    () => heard.status,
    (all) => all.length > 0,
  );
  return heard;
}

/** Resolves when whatever was sent to this client before has arrived: a socket keeps its order. */
async function handled(client: SupabaseClient): Promise<void> {
  const beats: string[] = [];
  client.realtime.onHeartbeat((status) => void beats.push(status));
  await client.realtime.sendHeartbeat();
  await until(
    () => beats,
    (all) => all.includes('ok'),
  );
}

describe('a live device listens to its own doorbell', () => {
  test('and to no other', async () => {
    for (const end of [pair.phone, pair.desktop]) {
      const { supabase } = end;
      expect(await mayJoin(supabase, topicOf(end))).toBe(true);
      for (const other of [pair.phone, pair.desktop, stranger.phone, stranger.desktop]) {
        if (other !== end) expect(await mayJoin(supabase, topicOf(other))).toBe(false);
      }
      for (const topic of ['', 'device:', `${topicOf(end)} `, `realtime:${topicOf(end)}`, 'device:%']) {
        expect(await mayJoin(supabase, topic)).toBe(false);
      }
    }
  });

  attack('the doorbell', 'but not a phone without the second factor, or in another session', async () => {
    const { supabase } = pair.phone;
    const topic = topicOf(pair.phone);
    expect(await mayJoin(supabase, topic, { aal: 'aal1' })).toBe(false);
    expect(await mayJoin(supabase, topic, { aal: undefined })).toBe(false);
    expect(await mayJoin(supabase, topic, { session_id: crypto.randomUUID() })).toBe(false);
    expect(await mayJoin(supabase, topic, { session_id: undefined })).toBe(false);
  });

  attack('the doorbell', 'but not an account that says it is the desktop where it may write itself', async () => {
    const { kid } = pair.desktop.identity.device;
    const claims = { user_metadata: { kind: 'device', kid }, app_metadata: {} };
    expect(await mayJoin(stranger.phone.supabase, topicOf(pair.desktop), claims)).toBe(false);
    expect(await mayJoin(pair.desktop.supabase, topicOf(pair.desktop), claims)).toBe(false);
  });

  attack('the doorbell', "but not another desktop's account that names it", async () => {
    const { kid } = pair.desktop.identity.device;
    const claims = { app_metadata: { kind: 'device', kid } };
    expect(await mayJoin(stranger.desktop.supabase, topicOf(pair.desktop), claims)).toBe(false);
  });

  attack('the doorbell', 'and a machine account with a second factor is still only its desktop', async () => {
    const { desktop } = await paired(stack, pair);
    await enrol({ client: desktop.supabase, email: '', userId: '' });
    expect(await mayJoin(desktop.supabase, topicOf(desktop))).toBe(true);
    expect(await mayJoin(desktop.supabase, topicOf(pair.phone))).toBe(false);
  });

  attack('the doorbell', 'but nobody who is not signed in', async () => {
    expect(await mayRead(stack.sql, { topic: topicOf(pair.phone), role: 'anon', claims: { role: 'anon' } })).toBe(
      false,
    );
  });
});

describe('over a real socket', () => {
  test('an envelope rings its recipient with how many wait, and nobody else', async () => {
    const [desktop, phone] = [
      await listen(pair.desktop, topicOf(pair.desktop)),
      await listen(pair.phone, topicOf(pair.phone)),
    ];
    await pair.phone.relay.postEnvelope(await sealed(pair.phone.identity, [pair.desktop.identity]));
    await pair.phone.relay.postEnvelope(await sealed(pair.phone.identity, [pair.desktop.identity]));
    await until(
      () => desktop.pokes,
      (all) => all.length === 2,
    );
    expect(desktop.pokes.map((poke) => pokeSchema.parse(poke).n)).toEqual([1, 2]);
    await pair.desktop.relay.postEnvelope(await sealed(pair.desktop.identity, [pair.phone.identity]));
    await until(
      () => phone.pokes,
      (all) => all.length === 1,
    );
    expect(desktop.pokes).toHaveLength(2);
  }, 20_000);

  attack('the doorbell', 'a foreign or public channel is refused', async () => {
    const foreign = await listen(stranger.desktop, topicOf(pair.desktop));
    expect(foreign.status[0]).toBe('CHANNEL_ERROR');
    const client = newClient(stack);
    open.push(client);
    const status: string[] = [];
    client.channel(topicOf(pair.desktop)).subscribe((now) => void status.push(now));
    await until(
      () => status,
      (all) => all.length > 0,
    );
    expect(status[0]).toBe('CHANNEL_ERROR');
  });

  attack('the doorbell', 'a revoked desktop is rung no more', async () => {
    const second = await paired(stack, pair);
    const heard = await listen(second.desktop, topicOf(second.desktop));
    await pair.phone.relay.postEnvelope(await sealed(pair.phone.identity, [second.desktop.identity]));
    await until(
      () => heard.pokes,
      (all) => all.length === 1,
    );
    await pair.phone.relay.revokeDevice(second.desktop.identity.device.kid);
    const late = await sealed(pair.phone.identity, [second.desktop.identity]);
    await expect(pair.phone.relay.postEnvelope(late)).rejects.toMatchObject({ code: 'envelope.recipient' });
    expect(await mayJoin(second.desktop.supabase, topicOf(second.desktop))).toBe(false);
    await handled(second.desktop.supabase);
    expect(heard.pokes).toHaveLength(1);
  });
});

attack('the doorbell', 'nobody writes a poke but the relay', async () => {
  const policies = await rows(
    stack.sql`select policyname, cmd from pg_policies where tablename = 'messages' and schemaname = 'realtime'`,
  );
  expect(policies).toEqual([{ policyname: 'a live device listens to its own doorbell', cmd: 'SELECT' }]);
  const claims = claimsOf(await tokenOf(pair.desktop.supabase));
  const insert = stack.sql.begin(async (tx) => {
    await tx`select set_config('role', 'authenticated', true), set_config('request.jwt.claims', ${JSON.stringify(claims)}, true)`;
    await tx`insert into realtime.messages (topic, extension, private) values (${topicOf(pair.desktop)}, 'broadcast', true)`;
  });
  expect(await insert.catch((error: unknown) => error)).toMatchObject({ code: '42501' });
});
