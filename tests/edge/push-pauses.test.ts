import { beforeAll, expect, test } from 'bun:test';
import { createECDH, randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import { readConfig, type Settings } from '../../edge/relay/config.ts';
import { readLimits } from '../../edge/relay/limits.ts';
import { pushSender } from '../../edge/relay/push-sender.ts';
import type { PushEnd, TakenPush } from '../../edge/relay/store.ts';
import { until } from '../support/until.ts';

/* How long the relay waits between its tries: the clock is the test's, so this is no other process's to show. */

let settings: Settings;
beforeAll(async () => {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  settings = readConfig({
    SUPABASE_URL: 'https://project.example',
    SUPABASE_ANON_KEY: 'a',
    SUPABASE_SERVICE_ROLE_KEY: 'b',
    ERRAND_VAPID_JWK: JSON.stringify(await exportJWK(privateKey)),
    ERRAND_VAPID_SUBJECT: 'mailto:errand@example.org',
  });
});

function newPush(id: number): TakenPush {
  const browser = createECDH('prime256v1');
  browser.generateKeys();
  const keys = { p256dh: browser.getPublicKey('base64url'), auth: randomBytes(16).toString('base64url') };
  return {
    id,
    envelope: null,
    attempts: 0,
    waiting: 1,
    subscription: { endpoint: 'https://push.example.org/1', keys },
  };
}

/** A sender over a list of pushes, to a push service that answers `statuses` and then 201. A pause ends with `sleep`, or woken. */
function sending(statuses: number[], sleep: (seconds: number) => Promise<void>) {
  const due: TakenPush[] = [];
  const asleep: { push: TakenPush; after: number }[] = [];
  const ends: PushEnd[] = [];
  const known = new Map<number, TakenPush>();
  const send = pushSender({
    settings,
    limits: readLimits({}),
    store: {
      takePushes: async () => {
        const pushes = due.splice(0).map((push) => ({ ...push, attempts: push.attempts + 1 }));
        for (const push of pushes) known.set(push.id, push);
        return { pushes, next: asleep[0]?.after ?? null };
      },
      endPush: async (end) => {
        ends.push(end);
        const push = known.get(end.id);
        if (push && end.state === 'waiting') asleep.push({ push, after: end.after });
      },
    },
    fetch: async () => new Response(null, { status: statuses.shift() ?? 201 }),
    now: () => 1_800_000_000,
    sleep: async (seconds, signal) => {
      const woken = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      await Promise.race([sleep(seconds), woken]);
      if (!signal.aborted) due.push(...asleep.splice(0).map(({ push }) => push));
    },
    log: () => undefined,
    signal: new AbortController().signal,
  });
  return { due, ends, send };
}

test('a push that met a busy push service is tried again three times, later each time', async () => {
  const slept: number[] = [];
  const { due, ends, send } = sending([503, 429, 500, 502], async (seconds) => void slept.push(seconds));
  due.push(newPush(1));
  await send();
  expect(slept).toEqual([2, 10, 40]);
  expect(ends.map(({ state }) => state)).toEqual(['waiting', 'waiting', 'waiting', 'failed']);
});

test('a push does not wait for another one that has to wait', async () => {
  let naps = 0;
  const { due, ends, send } = sending([503], async () => {
    naps++;
    if (naps === 1) await new Promise(() => undefined);
  });
  due.push(newPush(1));
  const done = send();
  await until(
    () => naps,
    (count) => count === 1,
  );
  due.push(newPush(2));
  await Promise.all([done, send()]);
  expect(ends.map(({ id, state }) => `${id} ${state}`)).toEqual(['1 waiting', '2 sent', '1 sent']);
});
