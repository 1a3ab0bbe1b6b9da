import type { Rpc } from '../../../edge/relay/rpc.ts';
import type { Caller } from '../caller.ts';
import type { Sql } from '../postgres/connect.ts';
import type { Catalogue, ExposedFunction } from './catalogue.ts';
import { fromDatabase, refusal } from './errors.ts';
import type { Refusal } from './errors.ts';

export type RpcDeps = { api: Sql; service: Sql; catalogue: Catalogue };

export type RpcCall = {
  name: string;
  args: Record<string, unknown>;
  caller: Exclude<Caller, { kind: 'refused' }>;
};

/** `json` is the text to send as it is; undefined for a function that returns nothing. */
export type RpcResult = { kind: 'done'; json: string | undefined; rows: boolean } | ({ kind: 'refused' } & Refusal);

// Hosted's limit for signed-in callers.
const statementTimeout = '8s';

/** Calls a function of schema `public` under the caller's role and claims, in a transaction of its own. Does not throw. */
export async function callFunction(deps: RpcDeps, { name, args, caller }: RpcCall): Promise<RpcResult> {
  try {
    const given = Object.keys(args);
    const found = await deps.catalogue.find(name, given);
    if (found.kind === 'missing') return { kind: 'refused', ...missing(name, given, found.candidates) };
    const statement = { text: statementFor(found.call, given), values: [JSON.stringify(args)] };
    const rows = await (caller.kind === 'service' ? run(deps.service, statement) : runAs(caller, deps.api, statement));
    if (found.call.returns === 'void') return { kind: 'done', json: undefined, rows: false };
    const many = found.call.returns === 'rows' || found.call.returns === 'values';
    return { kind: 'done', json: rows[0]?.json ?? 'null', rows: many };
  } catch (error) {
    return { kind: 'refused', ...fromDatabase(error, caller.kind === 'anon') };
  }
}

/** For the stack's own functions: the same calls with the same rights. */
export function serviceRpc(deps: RpcDeps): Rpc {
  return async (name, args) => {
    const result = await callFunction(deps, { name, args: { ...args }, caller: { kind: 'service' } });
    if (result.kind === 'refused') return { data: null, error: result.body, status: result.status };
    return { data: result.json === undefined ? null : JSON.parse(result.json), error: null, status: 200 };
  };
}

type Statement = { text: string; values: string[] };
type Rows = readonly { json: string | null }[];

const run = (sql: Sql, { text, values }: Statement): Promise<Rows> =>
  sql.unsafe<{ json: string | null }[]>(text, values, { prepare: true });

async function runAs(caller: RpcCall['caller'], api: Sql, { text, values }: Statement): Promise<Rows> {
  const [, rows] = await api.begin((tx) =>
    // Not awaited one by one: both travel in one packet, and the second does not run if the first failed.
    Promise.all([
      tx`select
        set_config('role', ${roleOf(caller)}, true),
        set_config('request.jwt.claims', ${JSON.stringify(claimsOf(caller))}, true),
        set_config('statement_timeout', ${statementTimeout}, true)`,
      tx.unsafe<{ json: string | null }[]>(text, values, { prepare: true }),
    ]),
  );
  return rows;
}

function claimsOf(caller: RpcCall['caller']): Record<string, unknown> {
  return caller.kind === 'user' ? caller.claims : { role: roleOf(caller) };
}

function roleOf(caller: RpcCall['caller']): string {
  switch (caller.kind) {
    case 'service':
      return 'service_role';
    case 'user':
      return 'authenticated';
    case 'anon':
      return 'anon';
  }
}

/** Every name in the text is the catalogue's, never the caller's; the values travel as one JSON parameter. */
function statementFor(call: ExposedFunction, given: readonly string[]): string {
  const used = call.arguments.filter(({ name }) => given.includes(name));
  const columns = used.map(({ name, type }) => `${quote(name)} ${type}`).join(', ');
  const passed = used.map(({ name }) => `${quote(name)} := a.${quote(name)}`).join(', ');
  // As text: postgres.js would write a parameter of type json as JSON once more.
  const source = used.length > 0 ? `json_to_record($1::text::json) as a (${columns}),` : '(select $1::text) as a,';
  const invoked = `public.${quote(call.name)}(${passed})`;
  switch (call.returns) {
    case 'void':
      return `select null as json from ${source} lateral ${invoked} as f`;
    case 'value':
      return `select to_json(f.value)::text as json from ${source} lateral (select ${invoked} as value) as f`;
    case 'row':
      return `select row_to_json(f)::text as json from ${source} lateral ${invoked} as f`;
    case 'rows':
      return `select coalesce(json_agg(row_to_json(f)), '[]')::text as json from ${source} lateral ${invoked} as f`;
    case 'values':
      return `select coalesce(json_agg(f.value), '[]')::text as json from ${source} lateral ${invoked} as f (value)`;
  }
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function missing(name: string, given: readonly string[], candidates: readonly ExposedFunction[]): Refusal {
  const asked = given.length > 0 ? `with parameters ${given.toSorted().join(', ')}` : 'without parameters';
  const other = candidates[0]?.arguments.map((argument) => argument.name).join(', ');
  return refusal(
    404,
    'PGRST202',
    `Could not find the function public.${name} ${asked} in the schema cache`,
    other === undefined ? null : `Perhaps you meant to call the function public.${name}(${other})`,
  );
}
