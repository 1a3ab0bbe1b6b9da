import { pushSchema, type PushSubscription } from '../../edge/protocol/http.ts';
import { fromB64u } from '../../edge/protocol/bytes.ts';

/** Milliseconds for a browser's push service: without network some never answer. */
const PATIENCE = 10_000;

/** Subscribes this browser under the relay's key (VAPID, RFC 8292). Rejects when the push service refuses or does not answer. */
export async function subscribeToPush(manager: PushManager, vapidPublicKey: string): Promise<PushSubscription> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('the push service did not answer')), PATIENCE);
  });
  return Promise.race([subscribe(manager, vapidPublicKey), late]);
}

async function subscribe(manager: PushManager, vapidPublicKey: string): Promise<PushSubscription> {
  const applicationServerKey = fromB64u(vapidPublicKey);
  const known = await manager.getSubscription();
  const subscription = known ?? (await manager.subscribe({ userVisibleOnly: true, applicationServerKey }));
  const { endpoint, keys } = subscription.toJSON();
  return pushSchema.parse({ endpoint, keys });
}
