import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { connect, type Socket } from 'node:net';
import { attack } from '../../support/evidence.ts';
import { paired, tokenOf, type Pair } from '../../support/paired.ts';
import { limits, relayStack, type RelayStack } from '../../support/relay-stack.ts';

/* Bodies that come slowly, break off, or never end, over a real socket and through the platform's own path. */

let stack: RelayStack;
let pair: Pair;
beforeAll(async () => {
  stack = await relayStack({ env: limits({ bodySeconds: 1 }) });
  pair = await paired(stack);
}, 60_000);
afterAll(() => stack.stop());

interface Line {
  readonly socket: Socket;
  /** Resolves with all that came, when the other end closed. */
  readonly closed: Promise<string>;
}

async function line(path: string, headers: Record<string, string>): Promise<Line> {
  const socket = connect(stack.port, '127.0.0.1');
  let came = '';
  socket.on('data', (chunk: Buffer) => void (came += chunk.toString()));
  socket.on('error', () => undefined);
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(came)));
  const all = {
    host: `127.0.0.1:${stack.port}`,
    apikey: stack.publishableKey,
    authorization: `Bearer ${await tokenOf(pair.phone.supabase)}`,
    ...headers,
  };
  socket.write(`POST /functions/v1/relay${path} HTTP/1.1\r\n`);
  socket.write(
    `${Object.entries(all)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')}\r\n`,
  );
  return { socket, closed };
}

describe('a body that takes too long', () => {
  for (const path of ['/envelopes', '/inbox/pull', '/pairings', '/devices/session', '/blobs']) {
    attack('the relay', `is refused, and its line closed (${path})`, async () => {
      const { socket, closed } = await line(path, { 'content-length': '1000' });
      const drip = setInterval(() => socket.write('{'), 100);
      const answer = await closed;
      clearInterval(drip);
      expect(answer).toStartWith('HTTP/1.1 408');
      expect(answer).toContain('request.too-slow');
    });
  }

  attack('the relay', 'without saying how long it is, is refused as well', async () => {
    const { socket, closed } = await line('/envelopes', { 'transfer-encoding': 'chunked' });
    const drip = setInterval(() => socket.write('1\r\n{\r\n'), 100);
    const answer = await closed;
    clearInterval(drip);
    expect(answer).toStartWith('HTTP/1.1 408');
  });

  attack('the relay', 'keeps nobody else waiting, also many at once', async () => {
    const lines = await Promise.all(
      Array.from({ length: 200 }, () => line('/envelopes', { 'content-length': '1000' })),
    );
    for (const { socket } of lines) socket.write('{');
    expect((await pair.phone.relay.pull({ max: 1, epoch: 1 })).envelopes).toEqual([]);
    const answers = await Promise.all(lines.map(({ closed }) => closed));
    expect(answers.filter((answer) => !answer.includes('request.too-slow'))).toEqual([]);
  });
});

test('a body that breaks off leaves nothing behind, and is no failure of the relay', async () => {
  const { socket, closed } = await line('/blobs', { 'content-length': '1000' });
  socket.write('x'.repeat(500));
  await new Promise((resolve) => socket.write('x', resolve));
  socket.destroy();
  await closed;
  await pair.phone.relay.pull({ max: 1, epoch: 2 });
  expect((await stack.sql`select from private.blobs`).count).toBe(0);
  expect(stack.logged).toEqual([]);
});
