/// <reference lib="webworker" />
import { accept } from '../edge/mailbox/accept.ts';
import type { Headline } from '../edge/protocol/down.ts';
import { pushMessageSchema } from '../edge/protocol/http.ts';
import { browserDeps } from './link/browser-deps.ts';
import { heardSchema } from './link/heard.ts';
import { speaksFor } from './link/keep.ts';
import { inboxStore } from './link/mailbox-store.ts';
import type { PhoneDeps } from './state/deps.ts';
import { createPhone } from './state/phone.ts';
import { en } from './words/en.ts';

declare const self: ServiceWorkerGlobalScope;
/** The built app's files and a name for this build, put in by the build. */
declare const SHELL: { readonly build: string; readonly files: readonly string[] };

const CACHE = `errand ${SHELL.build}`;

const deps = (): Promise<PhoneDeps> => browserDeps(self, { name: 'Phone', listen: async () => async () => undefined });

self.addEventListener('install', (event) => {
  event.waitUntil(keepShell());
});
self.addEventListener('activate', (event) => {
  event.waitUntil(takeOver());
});
self.addEventListener('fetch', (event) => {
  const answer = shellAnswer(event.request);
  if (answer) event.respondWith(answer);
});
self.addEventListener('push', (event) => {
  event.waitUntil(tell(event.data?.text() ?? ''));
});
self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const { path } = Object(event.notification.data);
  event.waitUntil(show(typeof path === 'string' ? path : '/'));
});

async function keepShell(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(['/', ...SHELL.files]);
  await self.skipWaiting();
}

async function takeOver(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith('errand ') && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

/** The shell comes from the cache, so that the app opens without a network; everything else is the network's. */
function shellAnswer(request: Request): Promise<Response> | undefined {
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return undefined;
  if (request.mode === 'navigate') return fromCache('/', request);
  return SHELL.files.includes(url.pathname) ? fromCache(url.pathname, request) : undefined;
}

async function fromCache(path: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(request);
}

/** Milliseconds within which something is shown: a worker is given little time, and a page in its way may be frozen. */
const SOON = 8_000;

/** Something is always shown: a push that shows nothing costs the permission. Words only from what a paired desktop signed. */
async function tell(data: string): Promise<void> {
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, SOON));
  const headline = await Promise.race([headlineOf(data).catch(() => undefined), late]);
  const pages = await self.clients.matchAll({ type: 'window' });
  const path = headline ? `/t/${headline.t}` : '/';
  await self.registration.showNotification(headline?.title ?? en.app, {
    body: headline?.text ?? en.push.generic,
    tag: headline ? headline.t : 'errand',
    // Whoever looks at the app has seen it.
    silent: pages.some(({ visibilityState }) => visibilityState === 'visible'),
    icon: '/icon-192.png',
    badge: '/icon-192.png',
    data: { path },
  });
}

async function headlineOf(data: string): Promise<Headline | undefined> {
  const message = pushMessageSchema.parse(JSON.parse(data));
  const own = await deps();
  if ('e' in message) return openHeadline(own, message.e);
  const phone = createPhone(own);
  const headlines = await phone.pull();
  void phone.stop();
  return headlines.at(-1);
}

/** Reads a sealed headline without taking it: the inbox delivers it once more. */
async function openHeadline(own: PhoneDeps, compact: string): Promise<Headline | undefined> {
  const identity = await own.keys.load();
  if (!identity) return undefined;
  const { kid, ek } = identity.device;
  const verdict = await accept(compact, {
    kid,
    keys: () => [{ ek, pair: identity.encryption }],
    schema: heardSchema,
    allows: (header) => header.k === 'evt',
    store: { ...inboxStore(own.db, () => undefined), knows: async () => false },
    now: () => Math.floor(own.now() / 1000),
  });
  if (verdict.is !== 'accepted') return undefined;
  const { body, from } = verdict.accepted;
  return body.kind === 'headline' && (await speaksFor(own.db, from.kid, body.t)) ? body : undefined;
}

async function show(path: string): Promise<void> {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const [open] = windows;
  if (!open) return void (await self.clients.openWindow(path));
  await open.focus();
  open.postMessage({ go: path });
}
