import { afterAll, beforeAll, expect, test } from 'bun:test';
import { record } from '../../support/evidence.ts';
import { testStack, type TestStack } from '../../support/stack.ts';
import { ofBodies } from './mutants/bodies.ts';
import { ofTheDoor } from './mutants/door.ts';
import { ofFunctions } from './mutants/functions.ts';
import type { Mutant, Mutants } from './mutants/mutant.ts';
import { ofRights } from './mutants/rights.ts';
import { ofPolicies, ofSequences, ofTables } from './mutants/tables.ts';
import { OWNERS } from './promises/owners.ts';
import { settle } from './promises/people.ts';
import { SIBLINGS } from './promises/siblings.ts';
import { undone, type Promised, type Tx } from './promises/promise.ts';

/* A test of a policy is worth what it notices: each harmful change, one at a time, in a transaction that is rolled back. */

let stack: TestStack;
beforeAll(async () => {
  stack = await testStack();
  await stack.sql.begin(settle);
}, 60_000);
afterAll(() => stack.stop());

const ACCOUNTS = [...OWNERS, ...SIBLINGS];

/** Whether a promise no longer holds. */
async function broken(tx: Tx, { holds }: Promised): Promise<boolean> {
  let held = false;
  await tx
    .savepoint(async (inner) => {
      await holds(inner);
      held = true;
      throw new Error('undo');
    })
    .catch(() => undefined);
  return !held;
}

/** Applies it, and answers which of the promises did not notice. */
async function blind({ sql, noticedBy }: Mutant): Promise<string[]> {
  const unnoticed: string[] = [];
  await undone(stack.sql, async (tx) => {
    await tx.unsafe(sql).simple();
    for (const promise of noticedBy) if (!(await broken(tx, promise))) unnoticed.push(promise.sentence);
  });
  return unnoticed;
}

/** Applies it, and answers whether any of the promises noticed. */
async function seen(sql: string, promises: readonly Promised[]): Promise<boolean> {
  let noticed = false;
  await undone(stack.sql, async (tx) => {
    await tx.unsafe(sql).simple();
    for (const promise of promises) noticed ||= await broken(tx, promise);
  });
  return noticed;
}

function shown(of: string, made: number, survivors: readonly unknown[]): void {
  record({ is: 'mutants', of, made, killed: made - survivors.length });
  expect(survivors).toEqual([]);
}

async function listed<T>(list: (tx: Tx) => Promise<T[]>): Promise<T[]> {
  const all: T[] = [];
  await undone(stack.sql, async (tx) => void all.push(...(await list(tx))));
  return all;
}

const KINDS = {
  tables: [ofTables, 250],
  policies: [ofPolicies, 100],
  sequences: [ofSequences, 15],
  functions: [ofFunctions, 250],
  rights: [ofRights, 40],
  'the doorbell': [ofTheDoor, 25],
} satisfies Record<string, [Mutants, number]>;

test.each(Object.entries(KINDS))('every harmful change of %s is noticed by each test named for it', async (_, kind) => {
  const [list, least] = kind;
  const mutants = await listed(list);
  const survivors: { change: string; unnoticed: string[] }[] = [];
  for (const mutant of mutants) {
    const unnoticed = await blind(mutant);
    if (unnoticed.length > 0) survivors.push({ change: mutant.change, unnoticed });
  }
  shown('database policies and grants', mutants.length, survivors);
  expect(mutants.length).toBeGreaterThan(least);
});

test('no function can lose a comparison by which it tells one account, device or secret from another', async () => {
  const mutants = await listed(ofBodies);
  const survivors: string[] = [];
  for (const { change, sql } of mutants) if (!(await seen(sql, ACCOUNTS))) survivors.push(change);
  shown('database functions', mutants.length, survivors);
  expect(mutants.length).toBeGreaterThan(60);
});
