import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { Server } from 'bun';
import { createECDH, randomBytes, type ECDH } from 'node:crypto';
import { decrypt } from 'http_ece';
import { exportJWK, generateKeyPair, importJWK, jwtVerify } from 'jose';
import type { PushMessage } from '../../../edge/protocol/http.ts';
import { bind, paired, phoneIdentity, sealed, type Pair } from '../../support/paired.ts';
import { refusalOf } from '../../support/refusal.ts';
import { rows } from '../../support/rows.ts';
import { limits, relayStack, type RelayStack } from '../../support/relay-stack.ts';
import { until } from '../../support/until.ts';

interface Received {
  readonly headers: Headers;
  readonly body: Buffer;
}

let stack: RelayStack;
let pair: Pair;
let browser: ECDH;
let secret: Buffer;
let service: Server<undefined>;
let received: Received[] = [];
/** What the push service answers, one after the other; then 201. */
let answers: number[] = [];

beforeAll(async () => {
  service = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => {
      received.push({ headers: request.headers, body: Buffer.from(await request.arrayBuffer()) });
      return new Response('', { status: answers.shift() ?? 201 });
    },
  });
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  stack = await relayStack({
    env: {
      ERRAND_VAPID_JWK: JSON.stringify(await exportJWK(privateKey)),
      ERRAND_VAPID_SUBJECT: 'mailto:errand@example.org',
      ERRAND_PUSH_ALLOW_LOOPBACK: '1',
      ...limits({ pushPauses: [1, 1, 1] }),
    },
  });
}, 60_000);
afterAll(async () => {
  await service.stop(true);
  await stack.stop();
});
beforeEach(async () => {
  [received, answers] = [[], []];
  pair = await paired(stack);
  browser = createECDH('prime256v1');
  browser.generateKeys();
  secret = randomBytes(16);
  await subscribe();
});

const endpoint = (): string => new URL('/push/1', service.url).href;

async function subscribe(): Promise<void> {
  const keys = { p256dh: browser.getPublicKey('base64url'), auth: secret.toString('base64url') };
  await pair.phone.relay.putPush({ endpoint: endpoint(), keys });
}

async function tell(header: Parameters<typeof sealed>[2], json?: string): Promise<string> {
  const envelope = await sealed(pair.desktop.identity, [pair.phone.identity], header, json);
  await pair.desktop.relay.postEnvelope(envelope);
  return envelope;
}

/** What the browser would hand to the service worker. */
function opened(push: Received | undefined): PushMessage {
  const plain = decrypt(push?.body ?? Buffer.alloc(0), {
    version: 'aes128gcm',
    privateKey: browser,
    authSecret: secret.toString('base64url'),
  });
  return JSON.parse(plain.toString()) as PushMessage;
}

const states = async () => [
  ...(await stack.sql`select state, attempts, http_status, envelope is null as emptied from private.pushes
    where kid = ${pair.phone.identity.device.kid} order by id`),
];

describe('a push', () => {
  test('brings the sealed headline, sealed once more for the browser and signed for the push service', async () => {
    const envelope = await tell({ u: true });
    const [push] = await until(
      () => received,
      (all) => all.length > 0,
    );
    expect(opened(push)).toEqual({ e: envelope });
    expect(push?.headers.get('content-encoding')).toBe('aes128gcm');
    expect(Number(push?.headers.get('ttl'))).toBeGreaterThan(0);
    const [, token = '', key = ''] = /^vapid t=(\S+), k=(\S+)$/.exec(push?.headers.get('authorization') ?? '') ?? [];
    const { vapidPublicKey } = await stack.client().config();
    expect(key).toBe(vapidPublicKey ?? 'none');
    const point = Buffer.from(key, 'base64url');
    const [x, y] = [point.toString('base64url', 1, 33), point.toString('base64url', 33)];
    const { payload } = await jwtVerify(token, await importJWK({ kty: 'EC', crv: 'P-256', x, y }, 'ES256'), {
      audience: service.url.origin,
    });
    expect(payload.sub).toBe('mailto:errand@example.org');
  });

  test('that would be too long says only that something waits', async () => {
    await tell({ u: true }, JSON.stringify({ text: 'x'.repeat(4000) }));
    const [push] = await until(
      () => received,
      (all) => all.length > 0,
    );
    expect(opened(push)).toEqual({ q: 1 });
  });

  test('is sent only for envelopes that ask for it, and once when they are sent again', async () => {
    await tell({});
    const envelope = await tell({ u: true });
    await pair.desktop.relay.postEnvelope(envelope);
    await stack.settled();
    expect(received).toHaveLength(1);
  });

  test('counts as sent only when the push service took it', async () => {
    await tell({ u: true });
    expect(await until(states, ([push]) => push?.['state'] !== 'waiting')).toEqual([
      { state: 'sent', attempts: 1, http_status: 201, emptied: true },
    ]);
  });

  test('that met a busy push service is tried again', async () => {
    answers = [503, 429];
    await tell({ u: true });
    await stack.settled();
    expect(await states()).toMatchObject([{ state: 'sent', attempts: 3 }]);
    expect(opened(received[2])).toEqual(opened(received[0]));
  });

  test('is given up after four tries, and the subscription stays', async () => {
    answers = [500, 500, 500, 500];
    await tell({ u: true });
    await stack.settled();
    expect(await states()).toMatchObject([{ state: 'failed', attempts: 4, http_status: 500, emptied: true }]);
    expect(received).toHaveLength(4);
    await tell({ u: true });
    await stack.settled();
    expect(received).toHaveLength(5);
  });

  test.each([404, 410])('answered with %i ends the subscription', async (status) => {
    answers = [status];
    await tell({ u: true });
    await until(states, ([push]) => push?.['state'] === 'gone');
    expect(
      await rows(stack.sql`select from private.push_subscriptions where kid = ${pair.phone.identity.device.kid}`),
    ).toEqual([]);
    await tell({ u: true });
    await stack.settled();
    expect(received).toHaveLength(1);
  });

  test('answered with a refusal is not tried again', async () => {
    answers = [403];
    await tell({ u: true });
    expect(await until(states, ([push]) => push?.['state'] !== 'waiting')).toMatchObject([{ state: 'failed' }]);
    await stack.settled();
    expect(received).toHaveLength(1);
  });

  test('is not sent to a phone that unsubscribed', async () => {
    await pair.phone.relay.deletePush();
    await tell({ u: true });
    await stack.settled();
    expect(received).toEqual([]);
  });
});

const keysNow = () => ({ p256dh: browser.getPublicKey('base64url'), auth: secret.toString('base64url') });

describe('a subscription', () => {
  test('is for phones', async () => {
    const put = pair.desktop.relay.putPush({ endpoint: endpoint(), keys: keysNow() });
    expect(await refusalOf(put)).toBe('auth.forbidden');
  });

  test('is refused at an address that is not public', async () => {
    for (const address of ['https://10.0.0.1/x', 'https://printer.local/x', 'http://push.example.org/x']) {
      const put = pair.phone.relay.putPush({ endpoint: address, keys: keysNow() });
      expect(await refusalOf(put)).toBe('push.address');
    }
  });

  test('of a browser belongs to the phone it was paired as last', async () => {
    const [old, fresh] = [pair.phone.identity.device.kid, await phoneIdentity()];
    await stack.sql`
      insert into private.devices (kid, owner, kind, name, sig, ek, enc)
      select ${fresh.device.kid}, owner, kind, name, ${stack.sql.json(fresh.device.sig)}, ek, enc
      from private.devices where kid = ${old}`;
    await bind(pair.phone.relay, fresh, pair.person.client);
    await subscribe();
    const found = await rows(
      stack.sql`select kid from private.push_subscriptions where endpoint = ${endpoint()} and kid in (${old}, ${fresh.device.kid})`,
    );
    expect(found).toEqual([{ kid: fresh.device.kid }]);
  });
});
