import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';
import { RealtimeClient } from '@supabase/realtime-js';
import { fixtures } from './fixtures.ts';
import { attack } from '../../support/evidence.ts';
import { tokenOf } from '../../support/paired.ts';
import { rawSocket } from '../../support/raw-socket.ts';
import { newAdmin, signUp, type Person } from '../../support/stack-people.ts';
import { testStack, type TestStack } from '../../support/stack.ts';
import { until } from '../../support/until.ts';

/* What a client may do to the doorbell with frames of its own making, or by not answering. */

setDefaultTimeout(120_000);

/** Seconds; the shortest that Bun's server knows. */
const SILENCE = 8;
const PATH = '/realtime/v1/websocket';

let stack: TestStack;
let mine: Person;
let token: string;
const open: { close: () => void }[] = [];
beforeAll(async () => {
  stack = await testStack({ migrationsDir: fixtures, socketSilence: SILENCE });
  mine = await signUp(stack);
  token = await tokenOf(mine.client);
});
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});
afterAll(() => stack.stop());

const topic = (): string => `realtime:user:${mine.userId}`;
const path = (version = 2): string => `${PATH}?apikey=${stack.publishableKey}&vsn=${version}.0.0`;
const joining = (ref: string, access_token = token, at = topic()): string =>
  JSON.stringify([ref, ref, at, 'phx_join', { config: { private: true }, access_token }]);
const beat = (ref: string): string => JSON.stringify([null, ref, 'phoenix', 'heartbeat', {}]);

type Said = [string | null, string | null, string, string, { status?: string; payload?: unknown; response?: unknown }];
interface Talk {
  readonly heard: Said[];
  readonly closed: Promise<number>;
  send(text: string): void;
  /** The reply to the message with this reference. */
  reply(ref: string): Promise<Said[4]>;
}

async function talk(version = 2): Promise<Talk> {
  const socket = new WebSocket(`${stack.url.replace('http', 'ws')}${path(version)}`);
  open.push(socket);
  const heard: Said[] = [];
  const closed = new Promise<number>((resolve) => socket.addEventListener('close', ({ code }) => resolve(code)));
  socket.addEventListener('message', ({ data }) => void heard.push(JSON.parse(String(data)) as Said));
  await new Promise((resolve) => socket.addEventListener('open', resolve));
  const reply = async (ref: string): Promise<Said[4]> => {
    const found = await until(
      () => heard.find(([, own, , event]) => own === ref && event === 'phx_reply'),
      (said) => said !== undefined,
    );
    return found?.[4] ?? {};
  };
  return { heard, closed, send: (text) => socket.send(text), reply };
}

const ring = (words: string): PromiseLike<unknown> =>
  newAdmin(stack).rpc('ring', { topic: `user:${mine.userId}`, words });

/** A client that keeps every rule still joins and hears: the stack is well. */
async function stackIsWell(): Promise<void> {
  const client = await talk();
  client.send(joining('1'));
  expect((await client.reply('1')).status).toBe('ok');
  await ring('still here');
  await until(() => client.heard.some(([, , , , said]) => JSON.stringify(said).includes('still here')), Boolean);
}

describe('frames of their own making', () => {
  attack('the doorbell', 'that are none are dropped, and the socket goes on', async () => {
    const client = await talk();
    for (const text of ['', 'no json', 'null', '[]', '{}', '[1,2,3,4,5]', '["1","1","a"]', '['.repeat(50_000)]) {
      client.send(text);
    }
    for (const payload of [null, 1, 'x', [], {}, { config: 1 }, { config: { private: 'yes' } }]) {
      client.send(JSON.stringify(['m', 'm', topic(), 'phx_join', payload]));
    }
    client.send(
      JSON.stringify(['p', 'p', '__proto__', 'phx_join', { config: { private: true }, access_token: token }]),
    );
    client.send(JSON.stringify(['e', 'e', topic(), 'access_token', { access_token: token }]));
    client.send(beat('last'));
    expect((await client.reply('last')).status).toBe('ok');
    const answered = client.heard.filter(([, ref]) => ref !== 'last').map(([, , , , payload]) => payload.status);
    expect(new Set(answered)).toEqual(new Set(['error']));
    expect(answered).toHaveLength(9);
  });

  attack('the doorbell', 'larger than a quarter of a megabyte end the socket, and only that', async () => {
    const client = await talk();
    client.send(beat('x'.repeat(300_000)));
    await client.closed;
    await stackIsWell();
  });

  attack('the doorbell', 'for ever more channels are refused from the hundred-and-first on', async () => {
    const client = await talk();
    await stack.sql`create policy "any topic" on realtime.messages for select to authenticated using (true)`;
    try {
      for (let i = 0; i <= 100; i++) client.send(joining(String(i), token, `realtime:many:${i}`));
      expect((await client.reply('99')).status).toBe('ok');
      expect(await client.reply('100')).toMatchObject({
        status: 'error',
        response: { reason: expect.stringContaining('Too many channels') as string },
      });
    } finally {
      await stack.sql`drop policy "any topic" on realtime.messages`;
    }
  });

  attack('the doorbell', 'faster than they can be answered end the socket, and only that', async () => {
    const client = await talk();
    for (let i = 0; i < 20_000; i++) client.send(joining(String(i)));
    await client.closed;
    expect(client.heard.length).toBeLessThan(20_000);
    await stackIsWell();
  });

  attack('the doorbell', 'in binary, as a client of version 2 sends, reach nobody', async () => {
    const client = await talk();
    client.send(joining('1'));
    await client.reply('1');
    const other = new WebSocket(`${stack.url.replace('http', 'ws')}${path()}`);
    open.push(other);
    await new Promise((resolve) => other.addEventListener('open', resolve));
    const [head, name, event, payload] = [[3, 1, 1, topic().length, 4, 0, 1], topic(), 'poke', '{"words":"forged"}'];
    other.send(joining('1'));
    other.send(Buffer.concat([Buffer.from(head), Buffer.from(`11${name}${event}${payload}`)]));
    await ring('real');
    const pokes = await until(
      () => client.heard.filter(([, , , kind]) => kind === 'broadcast'),
      (all) => all.length > 0,
    );
    expect(pokes.map(([, , , , said]) => said.payload)).toMatchObject([{ words: 'real' }]);
  });
});

describe('a join', () => {
  attack('the doorbell', 'with an expired token is refused', async () => {
    const past = await testStack({ migrationsDir: fixtures, accessTokenSeconds: -10 });
    try {
      const late = await signUp(past);
      const { data } = await late.client.auth.getSession();
      const client = new WebSocket(`${past.url.replace('http', 'ws')}${PATH}?apikey=${past.publishableKey}&vsn=2.0.0`);
      open.push(client);
      await new Promise((resolve) => client.addEventListener('open', resolve));
      const reply = new Promise<string>((resolve) =>
        client.addEventListener('message', ({ data: text }) => resolve(String(text))),
      );
      client.send(joining('1', data.session?.access_token ?? '', `realtime:user:${late.userId}`));
      expect(await reply).toContain('InvalidJWTToken');
    } finally {
      await past.stop();
    }
  });

  attack('the doorbell', 'with the token of another stack is refused', async () => {
    const other = await testStack({ migrationsDir: fixtures });
    const foreign = await tokenOf((await signUp(other)).client);
    await other.stop();
    const client = await talk();
    client.send(joining('1', foreign));
    expect((await client.reply('1')).status).toBe('error');
  });

  attack('the doorbell', 'that is refused ends the channel that was joined before', async () => {
    const client = await talk();
    client.send(joining('1'));
    expect((await client.reply('1')).status).toBe('ok');
    client.send(joining('2', 'no token'));
    expect((await client.reply('2')).status).toBe('error');
    await ring('for whoever is joined');
    client.send(beat('3'));
    await client.reply('3');
    expect(client.heard.filter(([, , , event]) => event === 'broadcast')).toEqual([]);
  });
});

describe('a client that does not answer', () => {
  attack('the doorbell', 'or reads too slowly is cut off instead of kept in memory', async () => {
    const slow = await rawSocket(stack.url, path());
    open.push(slow);
    const before = slow.received();
    slow.send(joining('1'));
    await until(
      () => slow.received(),
      (bytes) => bytes > before,
    );
    slow.stopReading();
    const told = 3000 * 7000;
    await stack.sql`
      select realtime.send(jsonb_build_object('words', repeat('x', 7000)), 'poke', ${`user:${mine.userId}`}, true)
      from generate_series(1, 3000)`;
    await stackIsWell();
    slow.goOnReading();
    await slow.ended;
    expect(slow.received()).toBeLessThan(told);
  });

  test('because it hangs, sleeps or lost its network is dropped, and comes back by itself', async () => {
    const child = Bun.spawn(
      [
        process.execPath,
        join(import.meta.dirname, 'run-listener.ts'),
        stack.url,
        stack.publishableKey,
        token,
        `user:${mine.userId}`,
      ],
      {
        stdout: 'pipe',
        stderr: 'inherit',
      },
    );
    let said = '';
    void (async () => {
      for await (const chunk of child.stdout) said += new TextDecoder().decode(chunk);
    })();
    try {
      await until(
        () => said,
        (words) => words.includes('SUBSCRIBED'),
      );
      child.kill('SIGSTOP');
      const silent = await rawSocket(stack.url, path());
      open.push(silent);
      // It says nothing either, but its library answers pings.
      const awake = await talk();
      await silent.ended;
      child.kill('SIGCONT');
      await until(
        () => said,
        (words) => words.split('SUBSCRIBED').length === 3,
      );
      awake.send(beat('1'));
      expect((await awake.reply('1')).status).toBe('ok');
    } finally {
      child.kill('SIGKILL');
      await child.exited;
    }
  });
});

test('a thousand clients that join at once all hear', async () => {
  const people: Person[] = [];
  for (let i = 0; i < 10; i++) people.push(await signUp(stack));
  const pokes = new Map<number, unknown>();
  let joined = 0;
  const clients = await Promise.all(
    Array.from({ length: 1000 }, async (_, i) => {
      const person = people[i % people.length] ?? mine;
      const access = await tokenOf(person.client);
      const client = new RealtimeClient(`${stack.url.replace('http', 'ws')}/realtime/v1`, {
        params: { apikey: stack.publishableKey },
        accessToken: () => Promise.resolve(access),
      });
      await client.setAuth();
      client
        .channel(`user:${person.userId}`, { config: { private: true } })
        .on('broadcast', { event: 'poke' }, (message) => void pokes.set(i, message.payload))
        .subscribe((status) => void (status === 'SUBSCRIBED' && joined++));
      return client;
    }),
  );
  try {
    await until(
      () => joined,
      (all) => all >= 1000,
    );
    for (const { userId } of people) await newAdmin(stack).rpc('ring', { topic: `user:${userId}`, words: 'all' });
    await until(
      () => pokes.size,
      (all) => all === 1000,
    );
  } finally {
    await Promise.all(clients.map((client) => client.disconnect()));
  }
});
