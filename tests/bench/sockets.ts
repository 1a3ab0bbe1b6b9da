import { RealtimeClient } from '@supabase/realtime-js';
import { pokeTopic } from '../../edge/protocol/poke.ts';
import { tokenOf, type Pair } from '../support/paired.ts';
import type { RunningStack } from '../support/running-stack.ts';
import { until } from '../support/until.ts';
import { pssOfTree } from './measure.ts';

const IDLE = 100;
const MANY = 1000;

/** Joins so many channels of a device, each on a socket of its own. Resolves with what ends them. */
async function join(stack: RunningStack, { phone }: Pair, count: number): Promise<() => Promise<void>> {
  const token = await tokenOf(phone.supabase);
  let joined = 0;
  const clients = Array.from({ length: count }, () => {
    const client = new RealtimeClient(`${stack.url.replace('http', 'ws')}/realtime/v1`, {
      params: { apikey: stack.publishableKey },
      accessToken: () => Promise.resolve(token),
    });
    return client;
  });
  await Promise.all(
    clients.map(async (client) => {
      await client.setAuth();
      client
        .channel(pokeTopic(phone.identity.device.kid), { config: { private: true } })
        .subscribe((status) => void (status === 'SUBSCRIBED' && joined++));
    }),
  );
  await until(
    () => joined,
    (all) => all >= count,
  );
  return async () => void (await Promise.all(clients.map((client) => client.disconnect())));
}

/** What idle devices cost the stack and its database: with none joined, with a hundred, with a thousand. */
export async function measureSockets(stack: RunningStack, pair: Pair): Promise<Record<string, number>> {
  const settled = async (): Promise<number> => {
    await Bun.sleep(3000);
    return pssOfTree(stack.pid);
  };
  // The first ones bring what all share.
  await (
    await join(stack, pair, 10)
  )();
  const none = await settled();
  const leaveIdle = await join(stack, pair, IDLE);
  const hundred = await settled();
  const leaveMany = await join(stack, pair, MANY - IDLE);
  const thousand = await settled();
  await leaveIdle();
  await leaveMany();
  return { stack_mb_per_100_idle_devices: hundred - none, realtime_1000_sockets_mb: thousand - none };
}
