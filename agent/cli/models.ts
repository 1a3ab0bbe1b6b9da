import * as z from 'zod/mini';
import type { Config } from '../config.ts';
import type { Desk } from './command.ts';

export type ModelChoice = Config['model'];

/** The model for an Anthropic key when the owner named none. */
export const DEFAULT_MODEL = 'claude-sonnet-5-5';

/** Local servers that speak the Messages API: Ollama since 0.14, LM Studio since 0.4.1. */
const LOCAL = ['http://127.0.0.1:11434', 'http://127.0.0.1:1234'];
/** A server on this machine answers at once or is not there. */
const PATIENCE_MS = 1_000;
/** A local model may have to be loaded first. */
const TEST_PATIENCE_MS = 60_000;

const modelsSchema = z.object({ data: z.array(z.object({ id: z.string() })) });
const refusalSchema = z.object({ error: z.object({ message: z.string() }) });

type Around = Pick<Desk, 'env' | 'fetch'>;

/** Words for the owner: which model carries out the errands. */
export function modelWords(model: ModelChoice): string {
  if (model.kind === 'offline') return 'no AI: offline planner; `errand setup` connects one';
  return model.baseUrl === undefined ? model.name : `${model.name} at ${model.baseUrl}`;
}

/** What the environment asks for, if anything: `ANTHROPIC_API_KEY`, `ANTHROPIC_BASE_URL`, `ANTHROPIC_MODEL`. */
export async function modelInEnvironment({ env, fetch }: Around): Promise<ModelChoice | undefined> {
  const { ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: baseUrl, ANTHROPIC_MODEL: named } = env;
  if (!baseUrl) return key ? { kind: 'anthropic', name: named ?? DEFAULT_MODEL } : undefined;
  const name = named ?? (key ? DEFAULT_MODEL : await firstModel(fetch, baseUrl)) ?? DEFAULT_MODEL;
  return { kind: 'anthropic', name, baseUrl };
}

/** Never asks and never fails: environment, then a local server, else the offline planner. */
export async function detectModel(around: Around): Promise<ModelChoice> {
  const asked = await modelInEnvironment(around);
  return asked ?? (await localModels(around.fetch))[0] ?? { kind: 'offline' };
}

/** The first model of each local server that speaks the Messages API. */
export async function localModels(fetch: Desk['fetch']): Promise<ModelChoice[]> {
  const found = await Promise.all(LOCAL.map((baseUrl) => localModel(fetch, baseUrl)));
  return found.filter((model) => model !== undefined);
}

async function localModel(fetch: Desk['fetch'], baseUrl: string): Promise<ModelChoice | undefined> {
  const name = await firstModel(fetch, baseUrl);
  if (name === undefined || !(await speaksMessages(fetch, baseUrl))) return undefined;
  return { kind: 'anthropic', name, baseUrl };
}

async function firstModel(fetch: Desk['fetch'], baseUrl: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${baseUrl}/v1/models`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    const { data } = modelsSchema.parse(await response.json());
    return data.find(({ id }) => !id.includes('embed'))?.id;
  } catch {
    return undefined;
  }
}

/** An empty request is refused by who knows the route (400, 422), and not found (404, 405) by who does not. */
async function speaksMessages(fetch: Desk['fetch'], baseUrl: string): Promise<boolean> {
  try {
    const { status } = await fetch(`${baseUrl}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return status !== 404 && status !== 405;
  } catch {
    return false;
  }
}

export type ModelTest = {
  fetch: Desk['fetch'];
  model: Extract<ModelChoice, { kind: 'anthropic' }>;
  key: string | undefined;
};

/** Sends one real message of one token. Undefined when it was answered, else why not. */
export async function testModel({ fetch, model, key }: ModelTest): Promise<string | undefined> {
  const { Anthropic } = await import('@anthropic-ai/sdk');
  const client = new Anthropic({
    apiKey: key ?? 'none',
    baseURL: model.baseUrl ?? null,
    maxRetries: 0,
    timeout: TEST_PATIENCE_MS,
    openTelemetry: false,
    fetch: (url, init) => fetch(url instanceof Request ? url.url : url.toString(), init),
  });
  try {
    await client.messages.create({
      model: model.name,
      max_tokens: 1,
      messages: [{ role: 'user', content: 'Say yes.' }],
    });
    return undefined;
  } catch (error) {
    return refusalWords(error);
  }
}

function refusalWords(error: unknown): string {
  const body = refusalSchema.safeParse(Reflect.get(Object(error), 'error')).data;
  return body?.error.message ?? (error instanceof Error ? error.message : String(error));
}
