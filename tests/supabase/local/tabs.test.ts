import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { AuthClient } from '@supabase/auth-js';
import { ownLock } from '../../../mobile/link/lock.ts';
import { claimsOf, codeOf, owner, password, type Person } from '../../support/stack-people.ts';
import { testStack, type TestStack } from '../../support/stack.ts';
import { fixtures } from './fixtures.ts';

/* Ten tabs of one browser: ten clients of the unmodified auth-js over one storage. */

setDefaultTimeout(120_000);

const TABS = 10;

type Auth = InstanceType<typeof AuthClient>;
type Lock = NonNullable<ConstructorParameters<typeof AuthClient>[0]['lock']>;

const noLock: Lock = (_name, _wait, work) => work();
const shared = ownLock();
const oneLock: Lock = (name, _wait, work) => shared(name, work);

describe.each([
  ['with a lock between them', oneLock],
  ['without any lock', noLock],
] as const)('ten tabs %s', (_words, lock) => {
  let stack: TestStack;
  const clock = { aheadMs: 0 };
  beforeAll(async () => {
    stack = await testStack({ migrationsDir: fixtures, clock: () => Date.now() + clock.aheadMs });
  });
  afterAll(() => stack.stop());

  async function openTabs(): Promise<{ tabs: readonly Auth[]; person: Person }> {
    const kept = new Map<string, string>();
    // As slow as a browser's: another tab reads while one has not written yet.
    const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    const storage = {
      getItem: async (key: string) => (await pause(), kept.get(key) ?? null),
      setItem: async (key: string, value: string) => (await pause(), void kept.set(key, value)),
      removeItem: async (key: string) => (await pause(), void kept.delete(key)),
    };
    const tab = (): Auth =>
      new AuthClient({
        url: `${stack.url}/auth/v1`,
        headers: { apikey: stack.publishableKey },
        storageKey: 'session',
        storage,
        lock,
        autoRefreshToken: false,
        persistSession: true,
        detectSessionInUrl: false,
      });
    const person = await owner(stack);
    const tabs = Array.from({ length: TABS }, tab);
    await tabs[0]?.signInWithPassword({ email: person.email, password });
    clock.aheadMs += 60_000;
    const code = codeOf(person.factor, Date.now() + clock.aheadMs);
    const proved = await tabs[0]?.mfa.challengeAndVerify({ factorId: person.factor.id, code });
    if (proved?.error) throw proved.error;
    return { tabs, person };
  }

  test('that refresh at once stay signed in, round after round, all with the second factor', async () => {
    const { tabs } = await openTabs();
    for (let round = 0; round < 5; round++) {
      clock.aheadMs += 3_600_000;
      const refreshed = await Promise.all(tabs.map((tab) => tab.refreshSession()));
      // Without a lock a tab finds another one's newer session in the storage, and takes that.
      for (const { error } of refreshed) if (error) expect(error.message).toStartWith('Refresh result discarded');
      const sessions = await Promise.all(tabs.map((tab) => tab.getSession()));
      for (const { data } of sessions)
        expect(claimsOf(data.session?.access_token ?? '')).toMatchObject({ aal: 'aal2' });
    }
    const users = await Promise.all(tabs.map((tab) => tab.getUser()));
    expect(users.map(({ error }) => error)).toEqual(tabs.map(() => null));
  });
});
