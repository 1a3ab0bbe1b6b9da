import { afterAll, beforeAll, setDefaultTimeout } from 'bun:test';
import { connect, type Socket } from 'node:net';
import { attack } from '../../support/evidence.ts';
import type { TestStack } from '../../support/stack.ts';
import { until } from '../../support/until.ts';
import { appStack } from '../../mobile/support/app-stack.ts';
import { bunPhone, pairedPhone, taskWith } from '../../mobile/support/bun-phone.ts';
import { newDesk } from '../../mobile/support/desk.ts';

/* Hundreds of lines that say a little now and then, to every part behind the one address. */

setDefaultTimeout(90_000);

let stack: TestStack;
beforeAll(async () => {
  stack = await appStack({ lineSilence: 4, socketSilence: 8 });
});
afterAll(() => stack.stop());

const post = (path: string, ...headers: string[]): string =>
  words(`POST ${path}`, 'content-length: 100000', ...headers);
const words = (first: string, ...headers: string[]): string =>
  [`${first} HTTP/1.1`, `host: 127.0.0.1:${stack.port}`, `apikey: ${stack.publishableKey}`, ...headers, '\r\n'].join(
    '\r\n',
  );
const upgrade = (): string =>
  words(
    `GET /realtime/v1/websocket?vsn=2.0.0&apikey=${stack.publishableKey}`,
    'upgrade: websocket',
    'connection: Upgrade',
    'sec-websocket-version: 13',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
  );
/** The head of a frame of 65,535 bytes (RFC 6455, section 5.2). */
const frame = '\u0081\u00FE\u00FF\u00FF\0\0\0\0';

/** How it begins, and what it goes on saying. */
const KINDS: Readonly<Record<string, () => readonly [begins: string, drips: string]>> = {
  nothing: () => ['', ''],
  'half a line': () => ['GET /', 'x'],
  'headers without end': () => [words('GET /').slice(0, -2), 'a: b\r\n'],
  'one header without end': () => [`${words('GET /').slice(0, -2)}a: `, 'b'],
  'a body for Auth': () => [post('/auth/v1/token?grant_type=password', 'content-type: application/json'), '{'],
  'a body for a function of the database': () => [post('/rest/v1/rpc/none', 'content-type: application/json'), '{'],
  'a body for the relay': () => [post('/functions/v1/relay/envelopes', 'content-type: application/json'), '{'],
  'a body in chunks': () => [words('POST /auth/v1/signup', 'transfer-encoding: chunked'), '1\r\n{\r\n'],
  'a body that nobody asked for': () => [words('GET /', 'content-length: 100000'), 'x'],
  'a page, and then nothing': () => [words('GET /sw.js'), ''],
  'a socket, and then nothing': () => [upgrade(), ''],
  'a socket, and a frame without end': () => [upgrade() + frame, 'x'],
};

interface Line {
  readonly socket: Socket;
  readonly kind: string;
  open: boolean;
}

async function line(kind: string, begins: string): Promise<Line> {
  const socket = connect(stack.port, '127.0.0.1');
  const made = { socket, kind, open: true };
  socket.on('error', () => undefined);
  socket.once('close', () => (made.open = false));
  socket.resume();
  await new Promise((resolve) => socket.once('connect', resolve));
  if (begins !== '') socket.write(begins, 'latin1');
  return made;
}

attack('the relay', 'hundreds of slow lines keep nobody waiting, and each is closed in time', async () => {
  const desk = await newDesk(stack);
  const many = Object.entries(KINDS).flatMap(([kind, say]) =>
    Array.from({ length: 25 }, () => [kind, ...say()] as const),
  );
  const lines = await Promise.all(many.map(([kind, begins]) => line(kind, begins)));
  const drip = setInterval(() => {
    for (const [index, { socket, open }] of lines.entries()) {
      const drips = many[index]?.[2] ?? '';
      if (open && drips !== '') socket.write(drips, 'latin1');
    }
  }, 700);
  const phone = bunPhone(stack.url);
  try {
    await pairedPhone(phone, desk);
    const id = await phone.errands.send({ desktop: desk.identity.device.kid, text: 'in between', grants: [] });
    await desk.hears('task');
    await desk.tell(id, { kind: 'state', state: { is: 'running' } });
    await taskWith(phone, id, ({ standing }) => standing.is === 'running');
    const open = (): readonly string[] => [...new Set(lines.flatMap((each) => (each.open ? [each.kind] : [])))];
    await until(open, ({ length }) => length === 0);
  } finally {
    clearInterval(drip);
    for (const { socket } of lines) socket.destroy();
    await phone.stop();
  }
});
