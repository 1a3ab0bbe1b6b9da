import { argv } from 'node:process';
import { RealtimeClient } from '@supabase/realtime-js';

/** A client of Realtime in a process of its own: `run-listener.ts <url> <key> <token> <topic>`. Prints what its channel says. */
const [, , url = '', apikey = '', token = '', topic = ''] = argv;
const client = new RealtimeClient(`${url.replace('http', 'ws')}/realtime/v1`, {
  params: { apikey },
  accessToken: () => Promise.resolve(token),
});
await client.setAuth();
client.channel(topic, { config: { private: true } }).subscribe((status) => console.log(status));
