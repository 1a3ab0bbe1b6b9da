import { Hono } from 'hono';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { record, safeParse, string, unknown } from 'zod/mini';
import { findCaller, presented } from '../caller.ts';
import type { Keys } from '../keys.ts';
import type { Clock } from '../tokens.ts';
import { refusal } from './errors.ts';
import type { Refusal } from './errors.ts';
import { callFunction } from './rpc.ts';
import type { RpcDeps } from './rpc.ts';

const namedArguments = record(string(), unknown());

/** `/rest/v1/rpc/:fn` of PostgREST; the rest of PostgREST is not offered. */
export function restApp(deps: RpcDeps & { keys: Keys; clock: Clock }): Hono {
  return new Hono().post('/rpc/:fn', async (c) => {
    const caller = await findCaller(presented(c.req.raw.headers), deps.keys, deps.clock);
    if (caller.kind === 'refused') return refuse(c, unauthorised(caller.reason));
    const wrong = unsupported(c);
    if (wrong) return refuse(c, wrong);
    const args = safeParse(namedArguments, await c.req.json().catch(() => undefined));
    if (!args.success) return refuse(c, refusal(400, 'PGRST102', 'The body must be a JSON object of named arguments.'));
    const result = await callFunction(deps, { name: c.req.param('fn'), args: args.data, caller });
    if (result.kind === 'refused') return refuse(c, result);
    if (result.json === undefined) return c.body(null, 204);
    return wantsOne(c) ? one(c, result) : sendJson(c, result.json);
  });
}

function sendJson(c: Context, json: string): Response {
  return c.body(json, 200, { 'content-type': 'application/json; charset=utf-8' });
}

function wantsOne(c: Context): boolean {
  return c.req.header('accept')?.includes('vnd.pgrst.object') ?? false;
}

/** `.single()` and `.maybeSingle()`. */
function one(c: Context, { json, rows }: { json: string | undefined; rows: boolean }): Response {
  if (!rows) return sendJson(c, json ?? 'null');
  const found: unknown = JSON.parse(json ?? '[]');
  if (Array.isArray(found) && found.length === 1) return sendJson(c, JSON.stringify(found[0]));
  const count = Array.isArray(found) ? found.length : 0;
  const body = { ...refusal(406, 'PGRST116', 'Cannot coerce the result to a single JSON object').body };
  return refuse(c, { status: 406, body: { ...body, details: `The result contains ${count} rows` } });
}

function unsupported(c: Context): Refusal | undefined {
  const schema = c.req.header('content-profile');
  if (schema !== undefined && schema !== 'public') {
    return refusal(406, 'PGRST106', `Invalid schema: ${schema}`, 'Only the following schemas are exposed: public');
  }
  if (new URL(c.req.url).search === '') return undefined;
  return refusal(400, 'PGRST100', 'Filters, ordering and column lists are not offered by the embedded stack.');
}

function unauthorised(reason: 'key' | 'token'): Refusal {
  return reason === 'key'
    ? refusal(401, 'PGRST302', 'Invalid API key', 'Send the publishable or the secret key as the `apikey` header.')
    : refusal(401, 'PGRST301', 'The access token is expired or was not issued here.');
}

function refuse(c: Context, { status, body }: Refusal): Response {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- Hono wants the literal union; every status here has a body
  return c.json(body, status as ContentfulStatusCode);
}
