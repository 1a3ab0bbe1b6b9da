import { afterAll, expect, test } from 'bun:test';
import { patient } from '../../edge/mailbox/patient.ts';

const endless = (): ReadableStream =>
  new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('and so on')) });

/** Comes in pieces, with a while between them. */
function slow(): ReadableStream {
  let left = 12;
  return new ReadableStream({
    pull: async (controller) => {
      await Bun.sleep(200);
      controller.enqueue(new TextEncoder().encode(left === 1 ? 'the end' : 'and so on'));
      if (--left === 0) controller.close();
    },
  });
}

const answers: Record<string, () => Response | Promise<Response>> = {
  '/silent': () => new Promise<Response>(() => undefined),
  '/endless': () => new Response(endless()),
  '/slow': () => new Response(slow()),
};
const server = Bun.serve({
  port: 0,
  idleTimeout: 0,
  fetch: (request) => answers[new URL(request.url).pathname]?.() ?? new Response(null, { status: 204 }),
});
afterAll(() => server.stop(true));

test('a server that takes a request and answers nothing is given up', () => {
  expect(patient(fetch, { head: 50 })(`${server.url}silent`)).rejects.toThrow();
});

test('so is one whose answer begins and never ends', async () => {
  const answer = await patient(fetch, { still: 300 })(`${server.url}endless`);
  expect(answer.status).toBe(200);
  expect(answer.text()).rejects.toThrow();
});

test('an answer that comes slowly comes whole, however long it takes', async () => {
  const answer = await patient(fetch, { still: 1500 })(`${server.url}slow`);
  expect(await answer.text()).toEndWith('the end');
});

test('an answer is handed on as it came, without a body too', async () => {
  const answer = await patient(fetch)(`${server.url}nothing`);
  expect([answer.status, await answer.text()]).toEqual([204, '']);
  expect(answer.headers.get('date')).toBeString();
});

test('what is much to send is given the time that a slow line needs for it', async () => {
  const hurried = patient(fetch, { head: 50 });
  const enough = new AbortController();
  let givenUp = false;
  const body = 'x'.repeat(180_000);
  const large = hurried(`${server.url}silent`, { method: 'POST', body, signal: enough.signal }).catch(() => {
    givenUp = true;
  });
  expect(hurried(`${server.url}silent`, { method: 'POST', body: 'x' })).rejects.toThrow();
  expect(givenUp).toBe(false);
  enough.abort();
  await large;
});

test('what was aborted by the caller stays aborted', () => {
  expect(patient(fetch)(`${server.url}silent`, { signal: AbortSignal.abort() })).rejects.toThrow();
});
