import { createECDH, createPublicKey, randomBytes, verify } from 'node:crypto';
import { decrypt } from 'http_ece';
import type { BrowserContext, Page } from 'playwright-core';

/** A push message as its receiver decrypted it, with what the sender said of itself. */
export interface Pushed {
  readonly text: string;
  readonly vapid: { aud: string; exp: number; sub: string };
}

/**
 * A push service on loopback that holds the "browser's" keys: it checks the sender's VAPID signature (RFC 8292), decrypts
 * (RFC 8291), and hands the message to the page's real service worker. Chromium's own subscription needs a service of its maker.
 */
export interface PushService {
  readonly pushed: readonly Pushed[];
  /** Before the page is opened: subscriptions of this context lead here. */
  install(context: BrowserContext, origin: string): Promise<void>;
  /** Once the page is open. */
  attach(context: BrowserContext, page: Page, origin: string): Promise<void>;
  stop(): void;
}

export function startPushService(): PushService {
  const keys = createECDH('prime256v1');
  const p256dh = keys.generateKeys().toString('base64url');
  const auth = randomBytes(16).toString('base64url');
  const pushed: Pushed[] = [];
  let deliver: (text: string) => Promise<void> = async () => undefined;

  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const vapid = checkVapid(request.headers.get('authorization') ?? '');
      if (!vapid) return new Response('', { status: 403 });
      const body = Buffer.from(await request.arrayBuffer());
      const text = decrypt(body, { version: 'aes128gcm', privateKey: keys, authSecret: auth }).toString();
      pushed.push({ text, vapid });
      await deliver(text);
      return new Response('', { status: 201 });
    },
  });
  const endpoint = `${server.url.href}push`;

  return {
    pushed,
    install: async (context, origin) => {
      await context.grantPermissions(['notifications'], { origin });
      await context.addInitScript(subscribeAs, { endpoint, p256dh, auth });
    },
    attach: async (context, page, origin) => {
      const cdp = await context.newCDPSession(page);
      const found = Promise.withResolvers<string>();
      cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
        for (const { registrationId, scopeURL } of registrations)
          if (scopeURL.startsWith(origin)) found.resolve(registrationId);
      });
      await cdp.send('ServiceWorker.enable');
      const registrationId = await found.promise;
      deliver = async (data) =>
        void (await cdp.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data }));
    },
    stop: () => void server.stop(true),
  };
}

/** The claims of a VAPID header whose signature is good. */
function checkVapid(authorization: string): Pushed['vapid'] | undefined {
  const [, token = '', key = ''] = /^vapid t=([^,]+), *k=(.+)$/.exec(authorization) ?? [];
  const point = Buffer.from(key, 'base64url');
  const [header = '', payload = '', signature = ''] = token.split('.');
  const signed = { text: Buffer.from(`${header}.${payload}`), signature: Buffer.from(signature, 'base64url') };
  if (point.length !== 65 || !isSignedBy(point, signed)) return undefined;
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Pushed['vapid'];
}

function isSignedBy(point: Buffer, signed: { text: Buffer; signature: Buffer }): boolean {
  const x = point.subarray(1, 33).toString('base64url');
  const y = point.subarray(33).toString('base64url');
  const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  return verify('sha256', signed.text, { key, dsaEncoding: 'ieee-p1363' }, signed.signature);
}

/** Runs in the page. */
function subscribeAs({ endpoint, p256dh, auth }: { endpoint: string; p256dh: string; auth: string }): void {
  const bytes = (text: string): ArrayBuffer =>
    Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0)).buffer;
  const subscription = {
    endpoint,
    expirationTime: null,
    getKey: (name: string) => bytes(name === 'p256dh' ? p256dh : auth),
    toJSON: () => ({ endpoint, expirationTime: null, keys: { p256dh, auth } }),
    unsubscribe: async () => true,
  } as unknown as PushSubscription;
  PushManager.prototype.subscribe = async () => subscription;
  PushManager.prototype.getSubscription = async () => null;
}
