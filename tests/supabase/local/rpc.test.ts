import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { SupabaseClient } from '@supabase/supabase-js';
import type { Rpc } from '../../../edge/relay/rpc.ts';
import { fixtures } from './fixtures.ts';
import { newAdmin, newClient, owner, signUp } from '../../support/stack-people.ts';
import type { Person } from '../../support/stack-people.ts';
import { testStack } from '../../support/stack.ts';
import type { TestStack } from '../../support/stack.ts';

setDefaultTimeout(60_000);

describe('calling a function of the database', () => {
  let stack: TestStack;
  let someone: Person;
  let anon: SupabaseClient;
  let inside: Rpc;
  beforeAll(async () => {
    stack = await testStack({
      migrationsDir: fixtures,
      functions: ({ rpc }) => {
        inside = rpc;
        return {};
      },
    });
    someone = await owner(stack);
    anon = newClient(stack);
  });
  afterAll(() => stack.stop());

  test('runs under the role and the claims of whoever calls', async () => {
    const as = await Promise.all([anon.rpc('whoami'), someone.client.rpc('whoami'), newAdmin(stack).rpc('whoami')]);
    expect(as.map(({ data }) => data as unknown)).toEqual([
      { user: 'anon', sub: null, role: 'anon', aal: null },
      { user: 'authenticated', sub: someone.userId, role: 'authenticated', aal: 'aal2' },
      { user: 'service_role', sub: null, role: 'service_role', aal: null },
    ]);
  });

  test('takes named arguments of any type, and defaults', async () => {
    expect((await anon.rpc('add', { a: 1, b: 5 })).data).toBe(6);
    expect((await anon.rpc('add', { a: 1 })).data).toBe(3);
    expect((await anon.rpc('join_words', { words: ['a', "b'; drop"], extra: { end: '!' } })).data).toBe("a-b'; drop!");
  });

  test('answers rows as an array, a row as an object, values as an array and nothing as null', async () => {
    const note = await someone.client.rpc('add_note', { words: 'first' });
    expect(note.data).toMatchObject({ owner: someone.userId, words: 'first' });
    expect((await someone.client.rpc('my_notes')).data).toMatchObject([{ words: 'first' }]);
    expect((await anon.rpc('two')).data).toEqual([
      { n: 1, name: 'one' },
      { n: 2, name: 'two' },
    ]);
    expect((await anon.rpc('numbers')).data).toEqual([1, 2]);
    expect(await anon.rpc('nothing')).toMatchObject({ data: null, error: null, status: 204 });
  });

  test('gives one row to whoever asks for one, and an error when there are more', async () => {
    expect((await someone.client.rpc('add_note', { words: 'second' }).single()).data).toMatchObject({
      words: 'second',
    });
    expect((await anon.rpc('two').single()).error).toMatchObject({ code: 'PGRST116' });
    expect((await anon.rpc('my_notes').maybeSingle()).data).toBeNull();
  });

  test.each([
    ['whoami', {}],
    ['add', { a: 1, b: 5 }],
    ['join_words', { words: ['a', 'b'], extra: { end: 'é' } }],
    ['two', {}],
    ['secret', {}],
    ['nothing', {}],
    ['fail', { code: 'P0001' }],
    ['fail', { code: 'PT429' }],
    ['hidden', {}],
    ['add', { c: 1 }],
  ] satisfies [string, object][])(
    'answers %s to a function inside the stack as to the service at its door',
    async (name, args) => {
      const { data, error } = await inside(name, args);
      const atTheDoor = await newAdmin(stack).rpc(name, args);
      expect(data).toEqual(atTheDoor.data as unknown);
      const { code, message, details } = atTheDoor.error ?? {};
      expect(error).toEqual(code === undefined ? null : expect.objectContaining({ code, message, details }));
    },
  );

  test('shows nobody the rows of another user, nor their own at aal1', async () => {
    const other = await owner(stack);
    expect((await other.client.rpc('my_notes')).data).toEqual([]);
    const low = await signUp(stack);
    expect((await low.client.rpc('add_note', { words: 'low' })).error).toMatchObject({ code: '42501' });
  });

  test('reports the errors of the database as PostgREST does', async () => {
    const told = await anon.rpc('fail', { code: 'P0001' });
    expect(told).toMatchObject({
      status: 400,
      error: { code: 'P0001', message: 'told so', details: 'details', hint: 'a hint' },
    });
    expect(await anon.rpc('fail', { code: 'PT429' })).toMatchObject({ status: 429, error: { code: 'PT429' } });
    await someone.client.rpc('add_note', { words: 'once' });
    expect(await someone.client.rpc('add_note', { words: 'once' })).toMatchObject({
      status: 409,
      error: { code: '23505' },
    });
    expect(await anon.rpc('secret')).toMatchObject({ status: 401, error: { code: '42501' } });
    expect(await someone.client.rpc('secret')).toMatchObject({ status: 403, error: { code: '42501' } });
    expect(await anon.rpc('add', { a: 'no number' })).toMatchObject({ status: 400, error: { code: '22P02' } });
  });

  test('knows only functions of the exposed schema, by exactly their arguments', async () => {
    for (const [name, args] of [
      ['hidden', {}],
      ['private.hidden', {}],
      ['add', { a: 1, c: 2 }],
      ['add', { b: 2 }],
      ['add"(1); drop table public.notes; --', {}],
      ['pg_sleep', { '': 5 }],
    ] satisfies [string, Record<string, unknown>][]) {
      expect(await anon.rpc(name, args)).toMatchObject({ status: 404, error: { code: 'PGRST202' } });
    }
    const other = newClient(stack).schema('private');
    expect(await other.rpc('hidden')).toMatchObject({ status: 406, error: { code: 'PGRST106' } });
  });

  test('a function leaves its role behind: the next call on the same connection is somebody else', async () => {
    const calls = Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? anon : someone.client).rpc('whoami'));
    const users = (await Promise.all(calls)).map(({ data }) => (data as { user: string }).user);
    expect(users).toEqual(Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? 'anon' : 'authenticated')));
  });

  test('refuses a missing key, a foreign key and a token that is not its own', async () => {
    const call = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${stack.url}/rest/v1/rpc/whoami`, { method: 'POST', body: '{}', headers });
    const unsigned = `${btoa('{"alg":"none"}')}.${btoa('{"role":"service_role","sub":"x","exp":9999999999}')}.`;
    const answers = await Promise.all([
      call({}),
      call({ apikey: 'sb_secret_guess' }),
      call({ apikey: stack.publishableKey, authorization: `Bearer ${unsigned}` }),
      call({ authorization: `Bearer ${stack.secretKey}` }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 200]);
  });

  test('says clearly that tables, filters and the rest of Supabase are not offered', async () => {
    const headers = { apikey: stack.publishableKey };
    const table = await fetch(`${stack.url}/rest/v1/notes`, { headers });
    expect(table.status).toBe(501);
    expect(await table.json()).toMatchObject({ code: 'not_offered', message: expect.stringContaining('not offered') });
    expect((await fetch(`${stack.url}/storage/v1/bucket`, { headers })).status).toBe(501);
    expect((await anon.rpc('two').eq('n', 1)).error).toMatchObject({ code: 'PGRST100' });
  });
});
