import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { PROTOCOL_VERSION } from '../../../edge/protocol/version.ts';
import { WIRE_ERRORS, wireErrorSchema } from '../../../edge/protocol/error.ts';
import { configSchema, healthSchema } from '../../../edge/protocol/http.ts';
import { createRelay } from '../../../edge/relay/create-relay.ts';
import type { LogEntry } from '../../../edge/relay/deps.ts';
import { paired, sealed, tokenOf, type Pair } from '../../support/paired.ts';
import { relayStack, type RelayStack } from '../../support/relay-stack.ts';

const APP = 'https://app.example';
let stack: RelayStack;
let pair: Pair;
beforeAll(async () => {
  stack = await relayStack({ env: { ERRAND_APP_ORIGIN: APP } });
  pair = await paired(stack);
}, 60_000);
afterAll(() => stack.stop());

describe('anybody', () => {
  test('may ask whether the relay lives', async () => {
    const response = await stack.relay.fetch(new Request(`${stack.url}/relay/health`));
    expect(healthSchema.parse(await response.json()).ok).toBe(true);
  });

  test('may ask what a client has to know, and learns no secret', async () => {
    const response = await fetch(`${stack.url}/functions/v1/relay/config`);
    const text = await response.text();
    expect(configSchema.parse(JSON.parse(text))).toMatchObject({
      url: stack.url,
      publishableKey: stack.publishableKey,
      vapidPublicKey: null,
      version: PROTOCOL_VERSION,
    });
    expect(text).not.toContain('secret');
  });

  test('gets a code for a route that is not there', async () => {
    const response = await stack.request('/nothing');
    expect([response.status, await response.json()]).toEqual([
      404,
      { error: { code: 'request.not-found', message: WIRE_ERRORS['request.not-found'].message } },
    ]);
  });

  test('is answered in a way that nobody keeps or guesses at', async () => {
    for (const path of ['/health', '/nothing', '/devices']) {
      const { headers } = await stack.request(path);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });
});

describe('a page', () => {
  const preflight = (origin: string) =>
    stack.request('/envelopes', {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    });

  test('of the app may call, and read refusals', async () => {
    const { headers } = await preflight(APP);
    expect(headers.get('access-control-allow-origin')).toBe(APP);
    expect(headers.get('access-control-allow-headers')).toContain('x-poll-secret');
    const refused = await stack.request('/devices', { headers: { origin: APP } });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, APP]);
  });

  test('from anywhere else may not', async () => {
    for (const origin of ['https://evil.example', 'https://app.example.evil.example', 'http://app.example', 'null']) {
      expect((await preflight(origin)).headers.get('access-control-allow-origin')).toBeNull();
      const answered = await stack.request('/health', { headers: { origin } });
      expect(answered.headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

describe('a request of the wrong form', () => {
  test.each([
    ['no JSON', 'nonsense'],
    ['another shape', '{"envelope":1}'],
    ['nothing', ''],
    ['SQL', '{"max":"1; drop table private.devices","epoch":0}'],
  ])('(%s) is refused without being quoted', async (_, body) => {
    const authorization = `Bearer ${await tokenOf(pair.phone.supabase)}`;
    for (const path of ['/envelopes', '/inbox/pull', '/inbox/ack']) {
      const response = await stack.request(path, { method: 'POST', body, headers: { authorization } });
      const { error } = wireErrorSchema.parse(await response.json());
      expect(error).toEqual({ code: 'request.malformed', message: WIRE_ERRORS['request.malformed'].message });
    }
  });
});

describe('a failure behind the relay', () => {
  const secret = 'select * from private.devices';
  const answering = async (respond: () => Response | Promise<Response>) => {
    const logged: LogEntry[] = [];
    const env = {
      SUPABASE_URL: stack.url,
      SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: stack.publishableKey }),
      SUPABASE_SECRET_KEYS: JSON.stringify({ default: stack.secretKey }),
      SUPABASE_JWKS: JSON.stringify(stack.jwks),
    };
    const relay = createRelay(env, { fetch: async () => respond(), log: (entry) => void logged.push(entry) });
    const authorization = `Bearer ${await tokenOf(pair.phone.supabase)}`;
    const headers = { apikey: stack.publishableKey, authorization };
    const response = await relay.fetch(new Request(`${stack.url}/relay/devices`, { headers }));
    return { status: response.status, text: await response.text(), logged };
  };

  test("of the database is the relay's own, and shows neither SQL nor a stack", async () => {
    const { status, text, logged } = await answering(() =>
      Response.json({ code: '42P01', message: secret, details: secret, hint: null }, { status: 404 }),
    );
    expect(status).toBe(500);
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'relay.internal' } });
    expect(text + JSON.stringify(logged)).not.toMatch(/select|private\.|at .*:\d+/);
    expect(logged).toEqual([{ event: 'relay.failed', route: '/relay/devices', error: 'StoreFault' }]);
  });

  test('that is no code of ours does not become one by its message', async () => {
    const { text } = await answering(() =>
      Response.json({ code: '23505', message: 'device.unknown', details: '', hint: null }, { status: 409 }),
    );
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'relay.internal' } });
  });

  test('to reach the database says to try again', async () => {
    for (const respond of [
      () => Promise.reject(new TypeError('connection refused')),
      () => Response.json({ message: 'busy' }, { status: 503 }),
    ]) {
      const { status, text } = await answering(respond);
      expect([status, text]).toEqual([503, expect.stringContaining('relay.unavailable')]);
    }
  });

  test("to answer in a known form is the relay's own", async () => {
    const { text } = await answering(() => Response.json({ devices: 'many' }));
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'relay.internal' } });
  });
});

test('the log holds nothing that was sent', async () => {
  const task = await sealed(pair.phone.identity, [pair.desktop.identity]);
  await pair.phone.relay.postEnvelope(task);
  await stack.request('/envelopes', { method: 'POST', body: task });
  expect(JSON.stringify(stack.logged)).not.toContain(task.slice(0, 40));
  expect(stack.said.join('\n')).not.toContain(task.slice(0, 40));
});

describe('the relay does not start', () => {
  const whole = {
    SUPABASE_URL: 'https://project.example',
    SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_x"}',
    SUPABASE_SECRET_KEYS: '{"default":"sb_secret_x"}',
  };

  test.each(['SUPABASE_URL', 'SUPABASE_PUBLISHABLE_KEYS', 'SUPABASE_SECRET_KEYS'])(
    'without %s, and names it',
    (name) => {
      expect(() => createRelay({ ...whole, [name]: undefined })).toThrow(name);
    },
  );

  test('with keys that cannot be read, and does not quote them', () => {
    for (const name of ['SUPABASE_SECRET_KEYS', 'SUPABASE_JWKS', 'ERRAND_VAPID_JWK']) {
      expect(() => createRelay({ ...whole, [name]: 'hush' })).toThrow(name);
      expect(() => createRelay({ ...whole, [name]: 'hush' })).not.toThrow('hush');
    }
  });

  test('with the key of a push service but nobody to write to', () => {
    const jwk = { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43), d: 'A'.repeat(43) };
    expect(() => createRelay({ ...whole, ERRAND_VAPID_JWK: JSON.stringify(jwk) })).toThrow('ERRAND_VAPID_SUBJECT');
  });

  test('but it does with the older names of the keys', () => {
    const { SUPABASE_URL } = whole;
    expect(createRelay({ SUPABASE_URL, SUPABASE_ANON_KEY: 'a', SUPABASE_SERVICE_ROLE_KEY: 'b' })).toBeDefined();
  });
});
