import { afterAll, expect, test } from 'bun:test';
import { patient } from '../../edge/mailbox/patient.ts';

const endless = (): ReadableStream =>
  new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('and so on')) });

const server = Bun.serve({
  port: 0,
  idleTimeout: 0,
  fetch: (request) =>
    request.url.endsWith('/silent') ? new Promise<Response>(() => undefined) : new Response(endless()),
});
afterAll(() => server.stop(true));

test('a server that takes a request and answers nothing is given up', () => {
  expect(patient(fetch, { head: 50 })(`${server.url}silent`)).rejects.toThrow();
});

test('so is one whose answer begins and never ends', async () => {
  const answer = await patient(fetch, { whole: 300 })(`${server.url}endless`);
  expect(answer.status).toBe(200);
  expect(answer.text()).rejects.toThrow();
});

test('what was aborted by the caller stays aborted', () => {
  expect(patient(fetch)(`${server.url}silent`, { signal: AbortSignal.abort() })).rejects.toThrow();
});
