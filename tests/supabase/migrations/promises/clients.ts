import { expect } from 'bun:test';
import { functions, sequences, tables, type Func, type Table } from './catalogue.ts';
import { EVERYBODY, HALVES, OWNER, become, type Client } from './people.ts';
import { aside, failureOf, refusedWith, type Promised, type Tx } from './promise.ts';

const attempt = (sentence: string, holds: Promised['holds']): Promised => ({ sentence, attack: true, holds });

const DENIED = '42501';

async function everyCall(tx: Tx, statements: readonly string[], client: Client): Promise<void> {
  await aside(tx, async (mine) => {
    await become(mine, client);
    for (const statement of statements) {
      const code = await refusedWith(mine, (inner) => inner.unsafe(statement));
      expect({ who: client.who, statement, code }).toEqual({ who: client.who, statement, code: DENIED });
    }
  });
}

const perTable = (verbs: (name: string, column: string) => string[]) => async (tx: Tx) =>
  (await tables(tx)).flatMap(({ name, column }) => verbs(name, column));

const write = perTable((name, column) => [
  `insert into ${name} default values`,
  `update ${name} set ${column} = ${column}`,
  `delete from ${name}`,
  `truncate ${name} cascade`,
]);
const read = perTable((name) => [`select * from ${name}`, `lock ${name} in access share mode`]);

/** A call of each function with nothing but nulls. */
function callOf({ name }: Func): string {
  const types = name.slice(name.indexOf('(') + 1, -1);
  const given = types === '' ? [] : types.split(',').map((type) => `null::${type}`);
  return `select ${name.slice(0, name.indexOf('('))}(${given.join(', ')})`;
}

/** Told by the words: inside most functions a client would be refused as well, by the code of a right that is missing there. */
export const NO_CALL = attempt('no client calls a function', async (tx) => {
  const all = await functions(tx);
  for (const { who, role, claims } of EVERYBODY) {
    await aside(tx, async (mine) => {
      await become(mine, { role, claims });
      for (const each of all) {
        const said = (await failureOf(mine, (inner) => inner.unsafe(callOf(each))))?.message;
        const closed = each.name.startsWith('private.')
          ? 'schema private'
          : `function ${each.name.slice(0, each.name.indexOf('('))}`;
        expect({ who, said }).toEqual({ who, said: `permission denied for ${closed}` });
      }
    });
  }
});

const everybodyTries = (sentence: string, statements: (tx: Tx) => Promise<string[]>): Promised =>
  attempt(sentence, async (tx) => {
    const tried = await statements(tx);
    for (const client of EVERYBODY) await everyCall(tx, tried, client);
  });

export const NO_READ = everybodyTries('no client reads a table', read);
export const NO_WRITE = everybodyTries('no client inserts, updates or deletes anything', write);
export const NO_COUNT = everybodyTries('no client reads or moves a sequence', async (tx) =>
  (await sequences(tx)).flatMap(({ name }) => [`select * from ${name}`, `select nextval('${name}')`]),
);

/** As if a migration had granted everything by mistake. */
const forgetGrants = (tx: Tx): Promise<unknown> =>
  tx.unsafe(`
    grant usage on schema private to anon, authenticated;
    grant all on all tables in schema private to anon, authenticated;
    grant all on all sequences in schema private to anon, authenticated;`);

type Tries = (tx: Tx, client: Client, all: readonly Table[]) => Promise<void>;

const seesNothing: Tries = async (tx, client, all) => {
  await become(tx, client);
  for (const { name } of all) {
    const seen = (await tx.unsafe(`select * from ${name}`)).count;
    expect({ who: client.who, name, seen }).toEqual({ who: client.who, name, seen: 0 });
  }
};

const writesNothing: Tries = async (tx, client, all) => {
  await become(tx, client);
  for (const { name, column } of all) {
    const inserted = await refusedWith(tx, (inner) => inner.unsafe(`insert into ${name} default values`));
    const updated = (await tx.unsafe(`update ${name} set ${column} = ${column}`)).count;
    const deleted = (await tx.unsafe(`delete from ${name}`)).count;
    const wanted = { who: client.who, name, inserted: DENIED, updated: 0, deleted: 0 };
    expect({ who: client.who, name, inserted, updated, deleted }).toEqual(wanted);
  }
};

const unless =
  (mistake: (tx: Tx) => Promise<unknown>, clients: readonly Client[], what: Tries) =>
  async (tx: Tx): Promise<void> => {
    await mistake(tx);
    const all = await tables(tx);
    for (const client of clients) await aside(tx, (mine) => what(mine, client, all));
  };

export const GRANTED = attempt(
  'a grant that was made by mistake shows nobody a row',
  unless(forgetGrants, EVERYBODY, seesNothing),
);
export const GRANTED_WRITE = attempt(
  'a grant that was made by mistake lets nobody write',
  unless(forgetGrants, EVERYBODY, writesNothing),
);

/** And as if, besides, a policy had let everybody in. */
async function openTables(tx: Tx): Promise<void> {
  await forgetGrants(tx);
  for (const { name } of await tables(tx)) {
    await tx.unsafe(`create policy "by mistake" on ${name} using (true) with check (true)`);
  }
}

export const OPENED = attempt(
  'without the second factor nobody sees a row, even behind a policy that was opened by mistake',
  async (tx) => {
    await unless(openTables, HALVES, seesNothing)(tx);
    // The rows are there: with the second factor the mistake would show them.
    await become(tx, OWNER);
    for (const { name } of await tables(tx)) {
      expect([name, (await tx.unsafe(`select * from ${name}`)).count > 0]).toEqual([name, true]);
    }
  },
);
export const OPENED_WRITE = attempt(
  'without the second factor nobody writes, even behind a policy that was opened by mistake',
  unless(openTables, HALVES, writesNothing),
);

export const CLIENTS: readonly Promised[] = [
  NO_READ,
  NO_WRITE,
  NO_CALL,
  NO_COUNT,
  GRANTED,
  GRANTED_WRITE,
  OPENED,
  OPENED_WRITE,
];
