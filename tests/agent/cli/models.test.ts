import { expect, test } from 'bun:test';
import { DEFAULT_MODEL, detectModel, modelWords, testModel } from '../../../agent/cli/models.ts';

/** Local servers by port: what they answer to a path. */
function servers(answers: Record<string, (path: string) => Response>) {
  return async (url: string) => {
    const { port, pathname } = new URL(url);
    const answer = answers[port];
    if (answer === undefined) throw new Error('connection refused');
    return answer(pathname);
  };
}

const lists = (...ids: string[]) => Response.json({ data: ids.map((id) => ({ id })) });
const ollama = (path: string) =>
  path === '/v1/models' ? lists('nomic-embed-text', 'qwen3:8b') : new Response('{}', { status: 400 });
const nothing = servers({});

test('a key in the environment connects the default model', async () => {
  expect(await detectModel({ env: { ANTHROPIC_API_KEY: 'sk' }, fetch: nothing })).toEqual({
    kind: 'anthropic',
    name: DEFAULT_MODEL,
  });
});

test('another server of the Messages API is taken from the environment with the model it has', async () => {
  const fetch = servers({ '9000': ollama });
  expect(await detectModel({ env: { ANTHROPIC_BASE_URL: 'http://127.0.0.1:9000' }, fetch })).toEqual({
    kind: 'anthropic',
    name: 'qwen3:8b',
    baseUrl: 'http://127.0.0.1:9000',
  });
  const env = { ANTHROPIC_BASE_URL: 'http://127.0.0.1:9000', ANTHROPIC_MODEL: 'mine' };
  expect(await detectModel({ env, fetch })).toMatchObject({ name: 'mine' });
});

test('Ollama on its port is found, and its embedding models are no models to talk to', async () => {
  expect(await detectModel({ env: {}, fetch: servers({ '11434': ollama }) })).toEqual({
    kind: 'anthropic',
    name: 'qwen3:8b',
    baseUrl: 'http://127.0.0.1:11434',
  });
});

test('a local server of an older version, without the Messages API, is passed over', async () => {
  const old = (path: string) => (path === '/v1/models' ? lists('llama') : new Response(null, { status: 404 }));
  const studio = (path: string) => (path === '/v1/models' ? lists('gemma') : new Response(null, { status: 422 }));
  expect(await detectModel({ env: {}, fetch: servers({ '11434': old, '1234': studio }) })).toMatchObject({
    name: 'gemma',
    baseUrl: 'http://127.0.0.1:1234',
  });
});

test('with nothing found it is the offline planner, clearly named', async () => {
  const model = await detectModel({ env: {}, fetch: nothing });
  expect(model).toEqual({ kind: 'offline' });
  expect(modelWords(model)).toContain('no AI');
});

test('a key is tried with one message of one token; a refusal is told in the words of the provider', async () => {
  const asked: unknown[] = [];
  const server = Bun.serve({
    port: 0,
    async fetch(request) {
      asked.push(await request.json());
      const good =
        request.headers.get('authorization') === 'Bearer good' || request.headers.get('x-api-key') === 'good';
      return good
        ? Response.json({
            id: 'm',
            type: 'message',
            role: 'assistant',
            model: 'x',
            content: [],
            stop_reason: 'max_tokens',
          })
        : Response.json(
            { type: 'error', error: { type: 'authentication_error', message: 'invalid key' } },
            { status: 401 },
          );
    },
  });
  const model = { kind: 'anthropic', name: 'x', baseUrl: `http://127.0.0.1:${server.port}` } satisfies {
    kind: 'anthropic';
    name: string;
    baseUrl: string;
  };
  expect(await testModel({ fetch, model, key: 'good' })).toBeUndefined();
  expect(asked[0]).toMatchObject({ model: 'x', max_tokens: 1 });
  expect(await testModel({ fetch, model, key: 'bad' })).toContain('invalid key');
  await server.stop(true);
});
