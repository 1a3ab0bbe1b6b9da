import { pushSchema } from '../protocol/http.ts';
import { readJson } from './body.ts';
import type { RelayDeps, RelayHandler } from './deps.ts';
import { Refusal } from './errors.ts';
import { isPushAddress } from './push-address.ts';

export function putPush({ store, settings }: RelayDeps): RelayHandler {
  return async (c) => {
    const { kid, kind } = c.get('device');
    if (kind !== 'phone') throw new Refusal('auth.forbidden');
    const subscription = await readJson(c, pushSchema);
    if (!isPushAddress(subscription.endpoint, settings)) throw new Refusal('push.address');
    await store.putPush(kid, subscription);
    return c.json({ ok: true });
  };
}

export function deletePush({ store }: RelayDeps): RelayHandler {
  return async (c) => {
    await store.deletePush(c.get('device').kid);
    return c.json({ ok: true });
  };
}
