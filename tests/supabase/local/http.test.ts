import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@supabase/supabase-js';
import type { FunctionEnv } from '../../../supabase/local/functions.ts';
import { fixtures } from './fixtures.ts';
import { claimsOf, signUp } from '../../support/stack-people.ts';
import { testStack } from '../../support/stack.ts';
import type { TestStack } from '../../support/stack.ts';

setDefaultTimeout(60_000);

describe('the one address', () => {
  let stack: TestStack;
  let env: FunctionEnv;
  const folder = mkdtempSync(join(tmpdir(), 'errand-app-'));
  const seen: { path: string; ip: string | null; body: string }[] = [];

  beforeAll(async () => {
    mkdirSync(join(folder, 'app/assets'), { recursive: true });
    writeFileSync(join(folder, 'app/index.html'), '<!doctype html><title>Errand</title>');
    writeFileSync(join(folder, 'app/sw.js'), 'self');
    writeFileSync(join(folder, 'app/assets/main-1a2b3c.js'), 'export {}');
    writeFileSync(join(folder, 'outside.txt'), 'not the app');
    symlinkSync(join(folder, 'outside.txt'), join(folder, 'app/link.txt'));
    stack = await testStack({
      migrationsDir: fixtures,
      staticDir: join(folder, 'app'),
      functions: (given) => {
        env = given;
        return {
          broken: () => {
            throw new Error('canary');
          },
          relay: async (request) => {
            const { pathname, search } = new URL(request.url);
            const ip = request.headers.get('x-forwarded-for');
            seen.push({ path: pathname + search, ip, body: await request.text() });
            return Response.json({ ok: true }, { status: 201 });
          },
        };
      },
    });
  });
  afterAll(async () => {
    await stack.stop();
    rmSync(folder, { recursive: true });
  });

  const get = (path: string, init?: RequestInit): Promise<Response> => fetch(stack.url + path, init);
  const asPage = { headers: { accept: 'text/html,*/*' } };

  test("a function is called with the path the platform gives it, its body and the caller's address", async () => {
    const answer = await get('/functions/v1/relay/envelopes?x=1', {
      method: 'POST',
      body: 'sealed',
      headers: { 'x-forwarded-for': '10.1.2.3' },
    });
    expect([answer.status, await answer.json()]).toEqual([201, { ok: true }]);
    expect(seen.at(-1)).toEqual({ path: '/relay/envelopes?x=1', ip: '10.1.2.3', body: 'sealed' });
    expect((await get('/functions/v1/other')).status).toBe(404);
    expect((await get('/functions/v1/constructor')).status).toBe(404);
  });

  test("a function finds hosted's environment, and its fetch reaches the stack without a socket", async () => {
    expect(env.SUPABASE_URL).toBe(stack.url);
    expect(JSON.parse(env.SUPABASE_PUBLISHABLE_KEYS)).toEqual({ default: stack.publishableKey });
    expect(JSON.parse(env.SUPABASE_SECRET_KEYS)).toEqual({ default: stack.secretKey });
    expect(JSON.parse(env.SUPABASE_JWKS)).toEqual(JSON.parse(JSON.stringify(stack.jwks)));
    const calls: string[] = [];
    const client = createClient(env.SUPABASE_URL, stack.secretKey, {
      auth: { persistSession: false, autoRefreshToken: false },
      global: {
        fetch: (input: string | URL | Request, init?: RequestInit) => {
          calls.push(new Request(input, init).url);
          return env.fetch(input, init);
        },
      } as { fetch: typeof fetch },
    });
    expect((await client.rpc('whoami')).data).toMatchObject({ user: 'service_role' });
    expect((await client.auth.admin.listUsers()).error).toBeNull();
    expect(calls).toHaveLength(2);
  });

  test('the app is served under a strict policy, and every address of it is the app', async () => {
    for (const path of ['/', '/pair', '/thread/1/2']) {
      const page = await get(path, asPage);
      expect(await page.text()).toContain('<title>Errand</title>');
      expect(page.headers.get('cache-control')).toBe('no-cache');
      expect(page.headers.get('content-type')).toContain('text/html');
      const policy = page.headers.get('content-security-policy') ?? '';
      for (const rule of ["default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "base-uri 'none'"]) {
        expect(policy).toContain(rule);
      }
      expect(policy).not.toContain('unsafe');
    }
    const missing = await get('/assets/old-123.js');
    expect(missing.status).toBe(404);
  });

  test('text travels compressed to whoever can read it, and changes with the file', async () => {
    const raw = (encoding: string): Promise<Response> =>
      fetch(`${stack.url}/sw.js`, { headers: { 'accept-encoding': encoding }, decompress: false });
    writeFileSync(join(folder, 'app/sw.js'), 'self;'.repeat(400));
    const [packed, plain] = [await raw('gzip, br'), await raw('identity')];
    const body = new Uint8Array(await packed.arrayBuffer());
    expect([packed.headers.get('content-encoding'), packed.headers.get('vary')]).toEqual(['gzip', 'accept-encoding']);
    expect(body.length).toBeLessThan(100);
    expect(new TextDecoder().decode(Bun.gunzipSync(body))).toBe(await plain.text());
    expect(plain.headers.get('content-encoding')).toBeNull();
  });

  test('a failing function shows neither its source nor its words', async () => {
    const answer = await get('/functions/v1/broken');
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('canary');
  });

  test('hashed files are kept for ever, the service worker is asked for each time', async () => {
    const asset = await get('/assets/main-1a2b3c.js');
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(asset.headers.get('content-type')).toContain('javascript');
    expect((await get('/sw.js')).headers.get('cache-control')).toBe('no-cache');
    expect((await get('/sw.js', { method: 'HEAD' })).status).toBe(200);
    expect((await get('/sw.js', { method: 'POST' })).status).toBe(404);
  });

  test.each([
    '/../outside.txt',
    '/..%2foutside.txt',
    '/%2e%2e/outside.txt',
    '/assets/..%2f..%2foutside.txt',
    '/link.txt',
    '/%00',
    '/%',
  ])('nothing outside of the app is shown: %s', async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(404);
    expect(await answer.text()).not.toContain('not the app');
  });

  test('another origin may call only if it was named', async () => {
    const named = await testStack({ migrationsDir: fixtures, origins: ['https://app.example.org'] });
    const preflight = (at: TestStack): Promise<Response> =>
      fetch(`${at.url}/auth/v1/token`, {
        method: 'OPTIONS',
        headers: { origin: 'https://app.example.org', 'access-control-request-method': 'POST' },
      });
    const answers = [await preflight(named), await preflight(stack)];
    await named.stop();
    expect(answers.map(({ headers }) => headers.get('access-control-allow-origin'))).toEqual([
      'https://app.example.org',
      null,
    ]);
  });

  test('behind a proxy, tokens and functions carry the public address, and this machine its own', async () => {
    const given: FunctionEnv[] = [];
    const named = await testStack({
      migrationsDir: fixtures,
      publicUrl: 'https://errand.example.org',
      functions: (own) => {
        given.push(own);
        return {};
      },
    });
    const { client } = await signUp(named);
    const claims = claimsOf((await client.auth.getSession()).data.session?.access_token ?? '');
    const keys = await given[0]?.fetch('https://errand.example.org/auth/v1/.well-known/jwks.json');
    await named.stop();
    expect([named.publicUrl, claims.iss, given[0]?.SUPABASE_URL]).toEqual([
      'https://errand.example.org',
      'https://errand.example.org/auth/v1',
      'https://errand.example.org',
    ]);
    expect(named.url).toBe(`http://127.0.0.1:${named.port}`);
    expect(keys?.status).toBe(200);
  });
});
