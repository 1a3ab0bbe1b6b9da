import { RealtimeClient } from '@supabase/realtime-js';
import { POKE_EVENT, pokeTopic } from '../../edge/protocol/poke.ts';

export interface PokeOptions {
  /** Realtime's address, e.g. `https://host/realtime/v1`. */
  readonly url: string;
  readonly publishableKey: string;
  readonly kid: string;
  readonly token: () => Promise<string | undefined>;
  readonly onPoke: () => void;
  /** True while a poke would arrive. */
  readonly onLine: (connected: boolean) => void;
}

/** Listens to this device's doorbell until the returned function is called. Never rejects: without it the phone polls. */
export async function listenForPokes(options: PokeOptions): Promise<() => Promise<void>> {
  const client = new RealtimeClient(options.url.replace(/^http/, 'ws'), {
    params: { apikey: options.publishableKey },
    accessToken: async () => (await options.token()) ?? null,
  });
  // A private channel joined before the token is known answers CHANNEL_ERROR first.
  await client.setAuth();
  const channel = client.channel(pokeTopic(options.kid), { config: { private: true } });
  channel.on('broadcast', { event: POKE_EVENT }, options.onPoke);
  channel.subscribe((status) => options.onLine(status === 'SUBSCRIBED'));
  return async () => {
    await client.removeAllChannels();
    await client.disconnect();
  };
}
