import { afterAll, beforeAll, expect, test } from 'bun:test';
import { attack } from '../../support/evidence.ts';
import { newAdmin, newClient, owner } from '../../support/stack-people.ts';
import { testStack, type TestStack } from '../../support/stack.ts';

/* The same as promises.test.ts, from outside: what the project's door answers. */

let stack: TestStack;
let someone: Awaited<ReturnType<typeof owner>>;
beforeAll(async () => {
  stack = await testStack();
  someone = await owner(stack);
}, 60_000);
afterAll(() => stack.stop());

const clients = () => [newClient(stack), someone.client];

attack(
  'the database',
  "the relay's functions answer no client through the project's door, signed in or not",
  async () => {
    for (const client of clients()) {
      const { error } = await client.rpc('relay_devices', { p_owner: someone.userId, p_here: 60 });
      expect(error?.code).toBe('42501');
      expect(error?.message).toBe('permission denied for function relay_devices');
    }
  },
);

attack('the database', 'functions of schema private are not there, by whatever name', async () => {
  for (const client of clients()) {
    for (const name of ['may_join', 'private.may_join', 'sweep', 'register']) {
      expect((await client.rpc(name, { topic: 'x' })).error?.code).toBe('PGRST202');
    }
    expect((await client.schema('private').rpc('may_join', { topic: 'x' })).error?.code).toBe('PGRST106');
  }
});

attack('the database', 'no table is there, in any schema', async () => {
  for (const client of clients()) {
    for (const schema of ['public', 'private', 'auth', 'realtime']) {
      const { data, error } = await client.schema(schema).from('devices').select();
      expect(data).toBeNull();
      expect(error).not.toBeNull();
    }
  }
});

test('the relay itself is answered', async () => {
  const { data, error } = await newAdmin(stack).rpc('relay_devices', { p_owner: someone.userId, p_here: 60 });
  expect([error, data]).toEqual([null, []]);
});
