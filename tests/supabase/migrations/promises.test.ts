import { afterAll, beforeAll, describe, test } from 'bun:test';
import { attack } from '../../support/evidence.ts';
import { testStack, type TestStack } from '../../support/stack.ts';
import { CATALOGUE } from './promises/catalogue.ts';
import { CLIENTS } from './promises/clients.ts';
import { DOOR } from './promises/door.ts';
import { OWNERS } from './promises/owners.ts';
import { settle } from './promises/people.ts';
import { SIBLINGS } from './promises/siblings.ts';
import { undone, type Promised } from './promises/promise.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await testStack();
  await stack.sql.begin(settle);
}, 60_000);
afterAll(() => stack.stop());

const each = (promises: readonly Promised[]): void => {
  for (const { sentence, attack: isAttack, holds } of promises) {
    const kept = (): Promise<void> => undone(stack.sql, holds);
    if (isAttack) attack('the database', sentence, kept);
    else test(sentence, kept);
  }
};

describe('by its own catalogue', () => each(CATALOGUE));
describe('a client of the project', () => each(CLIENTS));
describe('at the doorbell', () => each(DOOR));
describe('A and B', () => each(OWNERS));
describe('what is A’s', () => each(SIBLINGS));
