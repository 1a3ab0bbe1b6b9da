import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { fixtures } from './fixtures.ts';
import { attack } from '../../support/evidence.ts';
import { claimsOf, newClient, signUp } from '../../support/stack-people.ts';
import { testStack } from '../../support/stack.ts';
import type { TestStack } from '../../support/stack.ts';

setDefaultTimeout(60_000);

describe('a refresh token', () => {
  let stack: TestStack;
  const clock = { aheadMs: 0 };
  beforeAll(async () => {
    stack = await testStack({ migrationsDir: fixtures, clock: () => Date.now() + clock.aheadMs });
  });
  afterEach(() => {
    clock.aheadMs = 0;
  });
  afterAll(() => stack.stop());

  const first = async (): Promise<string> => {
    const { client } = await signUp(stack);
    return (await client.auth.getSession()).data.session?.refresh_token ?? '';
  };
  /** The next token, or the code of the refusal. */
  const use = async (token: string): Promise<string> => {
    const { data, error } = await newClient(stack).auth.refreshSession({ refresh_token: token });
    return data.session?.refresh_token ?? error?.code ?? '';
  };

  test('is replaced at each use, within the same session', async () => {
    const one = await first();
    const two = await use(one);
    const three = await use(two);
    expect(new Set([one, two, three]).size).toBe(3);
    const { data } = await newClient(stack).auth.refreshSession({ refresh_token: three });
    expect(claimsOf(data.session?.access_token ?? '').session_id).toBeString();
  });

  test('two tabs that use one token together both go on with the same next one', async () => {
    const one = await first();
    const [left, right] = await Promise.all([use(one), use(one)]);
    expect(left).toBe(right);
    expect(await use(left)).not.toContain('refresh_token');
  });

  test('whose answer was lost works again, however late', async () => {
    const one = await first();
    const two = await use(one);
    clock.aheadMs = 3_600_000;
    expect(await use(one)).toBe(two);
  });

  test('used again within ten seconds gets the newest token, however many came after it', async () => {
    const one = await first();
    const four = await use(await use(await use(one)));
    clock.aheadMs = 5000;
    expect(await use(one)).toBe(four);
    expect(await use(four)).not.toContain('refresh_token');
  });

  attack(
    'accounts and tokens',
    'a copied refresh token, used ten seconds after its owner went on, ends the session for both',
    async () => {
      const one = await first();
      const three = await use(await use(one));
      clock.aheadMs = 11_000;
      expect(await use(one)).toBe('refresh_token_already_used');
      expect(await use(three)).toBe('refresh_token_not_found');
    },
  );

  attack(
    'accounts and tokens',
    'a copied refresh token does not last longer because its owner refreshes quickly',
    async () => {
      const one = await first();
      let newest = await use(await use(one));
      for (clock.aheadMs = 2000; clock.aheadMs <= 14_000; clock.aheadMs += 2000) newest = await use(newest);
      expect(await use(one)).toBe('refresh_token_already_used');
      expect(await use(newest)).toBe('refresh_token_not_found');
    },
  );

  attack('accounts and tokens', 'it cannot be guessed, altered or taken to another stack', async () => {
    const one = await first();
    const altered = Buffer.from(one, 'base64url');
    altered[21] = (altered[21] ?? 0) + 1;
    expect(await use(altered.toString('base64url'))).toBe('refresh_token_not_found');
    expect(await use('x')).toBe('refresh_token_not_found');
    const other = await testStack({ migrationsDir: fixtures });
    const { error } = await newClient(other).auth.refreshSession({ refresh_token: one });
    await other.stop();
    expect(error?.code).toBe('refresh_token_not_found');
  });

  test('stands in no table of the database', async () => {
    const one = await first();
    const [row] = await stack.sql<{ text: string }[]>`
      select query_to_xml('select * from auth.sessions', false, false, '')::text as text`;
    expect(row?.text).toContain('refresh_token_counter');
    expect(row?.text).not.toContain(one);
  });
});
