import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { WIRE_ERRORS, wireErrorSchema } from '../../../edge/protocol/error.ts';
import { attack } from '../../support/evidence.ts';
import { paired, sealed, tokenOf, type Pair } from '../../support/paired.ts';
import { relayStack, type RelayStack } from '../../support/relay-stack.ts';
import { ownCluster, type OwnCluster } from '../../support/stack-cluster.ts';
import { until } from '../../support/until.ts';

/* What goes wrong behind the relay is said in its own words: no SQL, no stack, no word of the database. */

let stack: RelayStack;
let pair: Pair;
beforeAll(async () => {
  stack = await relayStack();
  pair = await paired(stack);
}, 60_000);
afterAll(() => stack.stop());

const WORDS_OF_THE_INSIDE =
  /select|insert|private\.|relation|function|syntax|postgres|PGRST|constraint|line \d|at .*:\d+|node_modules|\.ts\b|ECONN|socket/i;

interface Answered {
  readonly status: number;
  readonly text: string;
  readonly code: string;
}

async function answerOf(response: Response): Promise<Answered> {
  const text = await response.text();
  const { error } = wireErrorSchema.parse(JSON.parse(text));
  // Exactly the code's own words, and nothing beside them.
  expect(JSON.parse(text)).toEqual({ error: { code: error.code, message: expect.any(String) } });
  expect(Object.entries(WIRE_ERRORS).find(([code]) => code === error.code)?.[1].message).toBe(error.message);
  return { status: response.status, text, code: error.code };
}

async function askedFor(relay: RelayStack, path = '/devices', init: RequestInit = {}): Promise<Response> {
  const authorization = `Bearer ${await tokenOf(pair.phone.supabase)}`;
  return relay.request(path, { ...init, headers: { authorization } });
}

/** What `/devices` answers while the database's function for it is another one. */
async function whileItSays(body: string): Promise<Answered> {
  const [whole] = await stack.sql<{ text: string }[]>`
    select pg_get_functiondef('public.relay_devices'::regproc) as text`;
  await stack.sql.unsafe(`
    create or replace function public.relay_devices(p_owner uuid, p_here integer) returns json
    language plpgsql stable set search_path = '' as $$ begin ${body} end $$`);
  try {
    return await answerOf(await askedFor(stack));
  } finally {
    await stack.sql.unsafe(whole?.text ?? '');
  }
}

describe('a failure of the database', () => {
  test.each([
    ['a table that is gone', 'return (select json_agg(x) from private.gone as x);'],
    [
      'an error that quotes what was sent',
      "raise exception 'select % from private.devices', p_owner using detail = 'x';",
    ],
    ['a constraint', "raise exception 'device.unknown' using errcode = '23505', detail = 'Key (kid)=(x) exists';"],
    ['a right that is missing', "raise exception 'permission denied for table devices' using errcode = '42501';"],
    ['an answer of another form', "return to_json('many'::text);"],
    ['a code that is none of ours', "raise exception 'device.unheard-of';"],
    ['a code of JavaScript itself', "raise exception 'constructor';"],
  ])("(%s) is the relay's own, and shows nothing of it", async (_, body) => {
    const { status, text, code } = await whileItSays(body);
    expect([status, code]).toEqual([500, 'relay.internal']);
    expect(text).not.toMatch(/private\.|select|23505|many/);
    const entry = await until(
      () => stack.logged.at(-1),
      (last) => last !== undefined,
    );
    expect(entry).toMatchObject({ event: 'relay.failed', route: '/relay/devices' });
    expect(JSON.stringify(entry)).not.toMatch(WORDS_OF_THE_INSIDE);
  });

  test('leaves the relay as it was', async () => {
    expect((await askedFor(stack)).status).toBe(200);
  });
});

describe('a database that ends', () => {
  let cluster: OwnCluster;
  let doomed: RelayStack;
  beforeAll(async () => {
    cluster = await ownCluster();
    doomed = await relayStack({ databaseUrl: cluster.url });
  }, 60_000);
  afterAll(async () => {
    await doomed.stop();
    await cluster.stop();
  });

  attack(
    'the database',
    'killed in the middle of many calls, shows nothing of itself, and the relay answers again when it is back',
    async () => {
      const mine = await paired(doomed);
      const tasks = await Promise.all(
        Array.from({ length: 12 }, () => sealed(mine.phone.identity, [mine.desktop.identity])),
      );
      const authorization = `Bearer ${await tokenOf(mine.phone.supabase)}`;
      const post = (envelope: string): Promise<Response> =>
        doomed.request('/envelopes', {
          method: 'POST',
          body: JSON.stringify({ envelope }),
          headers: { authorization },
        });
      const flying = tasks.map((task) => post(task));
      await cluster.kill();
      const answers = [
        ...(await Promise.all(flying)),
        await post(tasks[0] ?? ''),
        await doomed.request('/devices', { headers: { authorization } }),
      ];
      const refused = await Promise.all(answers.filter(({ status }) => status !== 200).map(answerOf));
      expect(refused.length).toBeGreaterThan(1);
      for (const { text, status, code } of refused) {
        expect([status, code]).toEqual([503, 'relay.unavailable']);
        expect(text).not.toMatch(/select|ECONN|socket|private\./);
      }
      expect(JSON.stringify(doomed.logged)).not.toMatch(WORDS_OF_THE_INSIDE);
      await cluster.start();
      const kept = await until(
        () => post(tasks[0] ?? ''),
        ({ status }) => status === 200,
      );
      expect(kept.status).toBe(200);
      for (const [at, { status }] of answers.slice(0, tasks.length).entries()) {
        if (status === 200) expect((await post(tasks[at] ?? '')).status).toBe(200);
      }
    },
  );
});
