import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { PROTOCOL_VERSION } from '../../../edge/protocol/version.ts';
import { WIRE_ERRORS, wireErrorSchema } from '../../../edge/protocol/error.ts';
import { configSchema, healthSchema } from '../../../edge/protocol/http.ts';
import { attack } from '../../support/evidence.ts';
import { paired, sealed, tokenOf, type Pair } from '../../support/paired.ts';
import { relayStack, startRelay, type Environment, type RelayStack } from '../../support/relay-stack.ts';

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
    const response = await stack.send('/health');
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

  attack('the relay', 'from anywhere else may not', async () => {
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
  const refusal = async (env: Environment): Promise<string> => {
    const error = await startRelay({ ...whole, ...env }).catch((reason: unknown) => reason);
    if (!(error instanceof Error)) throw new Error('it started');
    return error.message;
  };

  test.each(['SUPABASE_URL', 'SUPABASE_PUBLISHABLE_KEYS', 'SUPABASE_SECRET_KEYS'])(
    'without %s, and names it',
    async (name) => {
      expect(await refusal({ [name]: undefined })).toContain(name);
    },
  );

  test.each(['SUPABASE_SECRET_KEYS', 'SUPABASE_JWKS', 'ERRAND_VAPID_JWK', 'ERRAND_LIMITS'])(
    'with %s that cannot be read, and does not quote it',
    async (name) => {
      const said = await refusal({ [name]: 'hush' });
      expect(said).toContain(name);
      expect(said).not.toContain('hush');
    },
  );

  test('with limits that are none', async () => {
    const none = [
      { tasks: [0, 60] },
      { tasks: 30 },
      { queued: -1 },
      { task: [30, 60] },
      { queued: '500' },
      // Nothing ever fits into half a request, and no timer counts to so many seconds.
      { tasks: [0.5, 60] },
      { bodySeconds: 3_000_000 },
      { pushPauses: [3_000_000] },
    ];
    for (const limits of none) {
      expect(await refusal({ ERRAND_LIMITS: JSON.stringify(limits) })).toContain('ERRAND_LIMITS');
    }
  });

  test('with the key of a push service but nobody to write to', async () => {
    const jwk = { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43), d: 'A'.repeat(43) };
    expect(await refusal({ ERRAND_VAPID_JWK: JSON.stringify(jwk) })).toContain('ERRAND_VAPID_SUBJECT');
  });

  test('but it does with the older names of the keys', async () => {
    const { SUPABASE_URL } = whole;
    const relay = await startRelay({ SUPABASE_URL, SUPABASE_ANON_KEY: 'a', SUPABASE_SERVICE_ROLE_KEY: 'b' });
    const config = await relay.fetch(new Request(`${SUPABASE_URL}/relay/config`));
    expect(await config.json()).toMatchObject({ url: SUPABASE_URL, publishableKey: 'a' });
    await relay.stop();
  });
});
