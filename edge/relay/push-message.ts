import { encryptNotification } from '@block65/webcrypto-web-push';
import { SignJWT, importJWK } from 'jose';
import { toBytes } from '../protocol/bytes.ts';
import type { PushMessage } from '../protocol/http.ts';
import type { Vapid } from './config.ts';
import type { TakenPush } from './store.ts';

/** Seconds a push service keeps a message for a phone that is off. */
const TTL = 24 * 3600;
/** Seconds a VAPID token lives; RFC 8292 allows a day. */
const TOKEN_LIFE = 12 * 3600;

/** A Web Push request (RFC 8030), sealed for the browser (RFC 8291) and signed by the relay (RFC 8292). `now` in Unix seconds. */
export async function pushRequest(taken: TakenPush, vapid: Vapid, now: number): Promise<Request> {
  const { endpoint, keys } = taken.subscription;
  const message: PushMessage = taken.envelope === null ? { q: taken.waiting } : { e: taken.envelope };
  const subscription = { endpoint, keys, expirationTime: null };
  const body = await encryptNotification(subscription, toBytes(JSON.stringify(message)));
  const token = await new SignJWT({ aud: new URL(endpoint).origin, sub: vapid.subject, exp: now + TOKEN_LIFE })
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT' })
    .sign(await importJWK({ ...vapid.privateJwk, kty: 'EC' }, 'ES256'));
  return new Request(endpoint, {
    method: 'POST',
    headers: {
      authorization: `vapid t=${token}, k=${vapid.publicKey}`,
      ttl: String(TTL),
      urgency: 'high',
      'content-encoding': 'aes128gcm',
      'content-type': 'application/octet-stream',
    },
    body,
    redirect: 'manual',
  });
}
