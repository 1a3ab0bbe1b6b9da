import type { Sql } from '../postgres/connect.ts';

type Argument = { name: string; type: string; optional: boolean };

export type ExposedFunction = {
  name: string;
  arguments: Argument[];
  /** What the caller gets: nothing, one value, one row or rows. */
  returns: 'void' | 'value' | 'row' | 'rows' | 'values';
};

export type Catalogue = { find: (name: string, given: readonly string[]) => Promise<Found> };

type Found = { kind: 'found'; call: ExposedFunction } | { kind: 'missing'; candidates: ExposedFunction[] };

type Row = {
  name: string;
  names: string[] | null;
  types: string[];
  defaults: number;
  set: boolean;
  result: string;
  composite: boolean;
};

// A migration by another tool while the stack runs is seen, but a wrong name cannot make us ask at each call.
const reloadAfterMs = 1000;

/** The functions of schema `public`, as the database describes them. Triggers' functions are left out. */
export function createCatalogue(sql: Sql): Catalogue {
  let functions = new Map<string, ExposedFunction[]>();
  // Callers that miss together wait for one and the same reading.
  let reading: { since: number; done: Promise<void> } | undefined;

  const read = async (): Promise<void> => {
    functions = Map.groupBy(await readFunctions(sql), ({ name }) => name);
  };
  const look = (name: string, given: readonly string[]): Found => {
    const candidates = functions.get(name) ?? [];
    const call = candidates.find((candidate) => accepts(candidate, given));
    return call ? { kind: 'found', call } : { kind: 'missing', candidates };
  };
  return {
    find: async (name, given) => {
      const found = look(name, given);
      if (found.kind === 'found') return found;
      const now = performance.now();
      if (!reading || now - reading.since > reloadAfterMs) reading = { since: now, done: read() };
      await reading.done;
      return look(name, given);
    },
  };
}

function accepts({ arguments: wanted }: ExposedFunction, given: readonly string[]): boolean {
  const known = given.every((name) => wanted.some((argument) => argument.name === name));
  return known && wanted.every(({ name, optional }) => optional || given.includes(name));
}

async function readFunctions(sql: Sql): Promise<ExposedFunction[]> {
  const rows = await sql<Row[]>`
    select
      p.proname as name,
      to_json(p.proargnames) as names,
      (
        select coalesce(json_agg(format_type(a.type, null) order by a.place), '[]')
        from unnest(p.proargtypes::oid[]) with ordinality as a (type, place)
      ) as types,
      p.pronargdefaults::int as defaults,
      p.proretset as set,
      t.typname as result,
      -- A record without OUT columns has no names to give its fields, so it stays one value.
      (t.typtype = 'c' or (t.typname = 'record' and p.proallargtypes is not null)) as composite
    from pg_proc as p
    join pg_type as t on t.oid = p.prorettype
    where p.pronamespace = 'public'::regnamespace and p.prokind = 'f' and t.typname <> 'trigger'`;
  return rows.map((row) => ({
    name: row.name,
    arguments: row.types.map((type, place) => ({
      name: row.names?.[place] ?? '',
      type,
      optional: place >= row.types.length - row.defaults,
    })),
    returns: shapeOf(row),
  }));
}

function shapeOf({ set, result, composite }: Row): ExposedFunction['returns'] {
  if (result === 'void') return 'void';
  if (composite) return set ? 'rows' : 'row';
  return set ? 'values' : 'value';
}
