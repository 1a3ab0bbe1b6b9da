import { RealtimeClient } from '@supabase/realtime-js';
import { POKE_EVENT, pokeTopic } from '../../edge/protocol/poke.ts';

/** A channel the server closed (expired token, restart) is not joined again by the library. */
const REJOIN_MS = 2000;

interface Options {
  /** `ws(s)://…/realtime/v1` */
  readonly url: string;
  readonly publishableKey: string;
  readonly kid: string;
  readonly token: () => Promise<string | undefined>;
  readonly onPoke: () => void;
  /** The channel is joined: whatever was sent before must be pulled once. */
  readonly onJoined: () => void;
  readonly setTimer: (run: () => void, ms: number) => () => void;
}

export interface PokeListener {
  stop(): Promise<void>;
}

/** Listens to the doorbell of this device. It saves waiting and promises nothing: rows are the truth. */
export function listenForPokes(options: Options): PokeListener {
  const client = new RealtimeClient(options.url, {
    params: { apikey: options.publishableKey },
    accessToken: async () => (await options.token()) ?? null,
  });
  let stopped = false;
  let cancelTimer: (() => void) | undefined;

  function joinLater(): void {
    cancelTimer?.();
    if (!stopped) cancelTimer = options.setTimer(() => void join(), REJOIN_MS);
  }
  async function join(): Promise<void> {
    // Without a token the join would be refused, and the library would ask again with ever longer pauses.
    if ((await options.token()) === undefined) return joinLater();
    await client.setAuth();
    if (stopped) return;
    const channel = client.channel(pokeTopic(options.kid), { config: { private: true } });
    channel.on('broadcast', { event: POKE_EVENT }, options.onPoke).subscribe((status) => {
      if (status === 'SUBSCRIBED') options.onJoined();
      if (status !== 'CLOSED' || stopped) return;
      void client.removeChannel(channel);
      joinLater();
    });
  }
  void join();
  return {
    stop: async () => {
      stopped = true;
      cancelTimer?.();
      await client.removeAllChannels();
      await client.disconnect();
    },
  };
}
