import { ackSchema, pullSchema, type Pulled } from '../protocol/http.ts';
import { readJson } from './body.ts';
import type { RelayDeps, RelayHandler } from './deps.ts';

export function pullInbox({ store, now }: RelayDeps): RelayHandler {
  return async (c) => {
    const inbox = await store.pull(c.get('claim'), await readJson(c, pullSchema));
    const pulled: Pulled = { ...inbox, due: [], now: now() };
    return c.json(pulled);
  };
}

export function ackInbox({ store }: RelayDeps): RelayHandler {
  return async (c) => {
    const { acks } = await readJson(c, ackSchema);
    return c.json({ acked: await store.ack(c.get('claim'), acks) });
  };
}
