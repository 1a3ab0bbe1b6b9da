import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { SupabaseClient } from '@supabase/supabase-js';
import type { RelayClient } from '../../../edge/mailbox/relay-client.ts';
import { attack } from '../../support/evidence.ts';
import { ageFactor, bind, paired, sessionIdOf, tokenOf } from '../../support/paired.ts';
import { refusalOf } from '../../support/refusal.ts';
import { relayStack, type RelayStack } from '../../support/relay-stack.ts';
import {
  codeOf,
  enrol,
  newClient,
  owner,
  password,
  signUp,
  type Factor,
  type Person,
} from '../../support/stack-people.ts';

/* A lost authenticator, with the unmodified auth-js on one side and the relay on the other. */

setDefaultTimeout(60_000);

const fresh = 'a password nobody saw before';

let stack: RelayStack;
beforeAll(async () => {
  stack = await relayStack();
});
afterAll(() => stack.stop());
afterEach(async () => {
  await stack.sql`delete from private.buckets`;
});

const relayOf = (client: SupabaseClient): RelayClient => stack.client(() => tokenOf(client));

async function signIn(email: string, word = password): Promise<SupabaseClient> {
  const client = newClient(stack);
  const { error } = await client.auth.signInWithPassword({ email, password: word });
  if (error) throw error;
  return client;
}

type Owner = Person & { factor: Factor; codes: readonly string[] };

async function ownerWithCodes(): Promise<Owner> {
  const person = await owner(stack);
  return { ...person, codes: await relayOf(person.client).makeRecoveryCodes() };
}

const first = ({ codes }: Owner): string => codes[0] ?? '';
const isAlive = async (client: SupabaseClient): Promise<boolean> => (await client.auth.refreshSession()).error === null;

describe('recovery codes', () => {
  test('are ten of 80 bits each, and how many are left is known', async () => {
    const someone = await owner(stack);
    const relay = relayOf(someone.client);
    expect(await relay.recovery()).toEqual({ left: 0, madeAt: null });
    const codes = await relay.makeRecoveryCodes();
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(await relay.recovery()).toEqual({ left: 10, madeAt: expect.any(Number) });
  });

  test('stand in no table of the database', async () => {
    const { codes } = await ownerWithCodes();
    const [row] = await stack.sql<{ text: string }[]>`
      select query_to_xml('select * from private.recovery_codes', false, false, '')::text as text`;
    for (const code of codes) {
      expect(row?.text).not.toContain(code);
      expect(row?.text).not.toContain(code.replaceAll('-', ''));
    }
  });

  test('with the password replace a lost authenticator: new password, no old factor, no other session', async () => {
    const someone = await ownerWithCodes();
    const client = await signIn(someone.email);
    await relayOf(client).recover(first(someone).toLowerCase().replaceAll('-', ' '), fresh);
    expect([await isAlive(client), await isAlive(someone.client)]).toEqual([false, false]);
    expect((await newClient(stack).auth.signInWithPassword({ email: someone.email, password })).error?.code).toBe(
      'invalid_credentials',
    );
    const again = await signIn(someone.email, fresh);
    expect((await again.auth.mfa.listFactors()).data?.totp).toEqual([]);
    await enrol({ ...someone, client: again });
    expect(await relayOf(again).recovery()).toMatchObject({ left: 9 });
  });

  test('after it a paired phone proves with its key who it is, and its desktop goes on as before', async () => {
    const pair = await paired(stack);
    const codes = await pair.phone.relay.makeRecoveryCodes();
    await relayOf(await signIn(pair.person.email)).recover(codes[3] ?? '', fresh);
    // Its token is good until it expires, but it is nobody's phone any more.
    expect(await refusalOf(pair.phone.relay.pull({ max: 1, epoch: 1 }))).toBe('device.unbound');
    expect(await refusalOf(pair.desktop.relay.pull({ max: 1, epoch: 1 }))).toBeUndefined();
    const client = await signIn(pair.person.email, fresh);
    await enrol({ ...pair.person, client });
    await bind(relayOf(client), pair.phone.identity, client);
    expect(await refusalOf(relayOf(client).pull({ max: 1, epoch: 1 }))).toBeUndefined();
  });

  test('a password that Auth does not take leaves everything as it was, the code too', async () => {
    const someone = await ownerWithCodes();
    const client = await signIn(someone.email);
    expect(await refusalOf(relayOf(client).recover(first(someone), password))).toBe('recovery.password');
    expect(await isAlive(someone.client)).toBe(true);
    expect(await refusalOf(relayOf(client).recover(first(someone), fresh))).toBeUndefined();
  });

  test('an unknown or mistyped code is refused, and says so', async () => {
    const { email } = await ownerWithCodes();
    const relay = relayOf(await signIn(email));
    expect(await refusalOf(relay.recover('0000-0000-0000-0000', fresh))).toBe('recovery.code');
    expect(await refusalOf(relay.recover('what', fresh))).toBe('recovery.code');
  });
});

describe('whoever runs the relay', () => {
  const atDesk = (email: string, key = stack.secretKey): Promise<Response> =>
    stack.request('/recovery/desk', {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify({ email }),
    });

  test('gives out stand-ins for the password and for a recovery code, each good once', async () => {
    const { email } = await owner(stack);
    const given: unknown = await (await atDesk(email)).json();
    const { passwordCode, code } = given as { passwordCode: string; code: string };
    const client = newClient(stack);
    expect((await client.auth.verifyOtp({ type: 'recovery', email, token: passwordCode })).error).toBeNull();
    await relayOf(client).recover(code, fresh);
    const after = await signIn(email, fresh);
    expect(await refusalOf(relayOf(after).recover(code, `${fresh}!`))).toBe('recovery.code');
  });

  test("a stand-in lasts ten minutes and leaves the owner's own codes alone", async () => {
    const someone = await ownerWithCodes();
    const { code } = (await (await atDesk(someone.email)).json()) as { code: string };
    expect(await relayOf(someone.client).recovery()).toMatchObject({ left: 10 });
    await stack.sql`update private.recovery_codes set exp = exp - interval '601 seconds'`;
    expect(await refusalOf(relayOf(await signIn(someone.email)).recover(code, fresh))).toBe('recovery.code');
    expect(await refusalOf(relayOf(await signIn(someone.email)).recover(first(someone), fresh))).toBeUndefined();
  });

  test('is told when nobody has the address', async () => {
    const response = await atDesk('nobody@example.org');
    expect([response.status, await response.json()]).toMatchObject([404, { error: { code: 'recovery.account' } }]);
  });

  attack('accounts and tokens', 'nobody gets a stand-in without the secret key', async () => {
    const someone = await owner(stack);
    for (const key of [stack.publishableKey, await tokenOf(someone.client), '', `${stack.secretKey}x`]) {
      expect((await atDesk(someone.email, key)).status).toBeGreaterThanOrEqual(401);
    }
    expect(await stack.sql`select from private.recovery_codes where owner = ${someone.userId}`).toHaveLength(0);
  });
});

describe('a thief', () => {
  attack('accounts and tokens', 'with the password alone replaces no authenticator', async () => {
    const someone = await ownerWithCodes();
    const thief = await signIn(someone.email);
    const relay = relayOf(thief);
    expect(await refusalOf(relay.makeRecoveryCodes())).toBe('auth.second-factor');
    expect(await refusalOf(relay.recovery())).toBe('auth.second-factor');
    expect(await refusalOf(relay.recover('', fresh))).toBe('recovery.code');
    const stranger = await ownerWithCodes();
    expect(await refusalOf(relay.recover(first(stranger), fresh))).toBe('recovery.code');
    expect((await thief.auth.mfa.unenroll({ factorId: someone.factor.id })).error?.code).toBe('insufficient_aal');
    expect((await thief.auth.updateUser({ password: fresh })).error?.code).toBe('insufficient_aal');
  });

  attack('accounts and tokens', 'with a code alone gets nowhere: it takes a session of that account', async () => {
    const someone = await ownerWithCodes();
    expect(await refusalOf(stack.client().recover(first(someone), fresh))).toBe('auth.missing');
    const other = await signUp(stack);
    expect(await refusalOf(relayOf(other.client).recover(first(someone), fresh))).toBe('recovery.code');
  });

  attack('accounts and tokens', 'with a code that was used gets nowhere', async () => {
    const someone = await ownerWithCodes();
    const both = await Promise.all([signIn(someone.email), signIn(someone.email)]);
    const answers = await Promise.all(
      both.map((client, n) => refusalOf(relayOf(client).recover(first(someone), `${fresh} ${n}`))),
    );
    expect(answers.filter((refusal) => refusal === undefined)).toHaveLength(1);
    // The one that came first has ended the session of the other.
    expect(['recovery.code', 'auth.invalid']).toContain(answers.find((refusal) => refusal !== undefined) ?? '');
    const after = await signUp(stack);
    expect(await refusalOf(relayOf(after.client).recover(first(someone), fresh))).toBe('recovery.code');
  });

  attack(
    'accounts and tokens',
    'who copied a token gets nowhere with it once the owner has ended its session',
    async () => {
      const someone = await ownerWithCodes();
      const stolen = await tokenOf(someone.client);
      const thief = stack.client(async () => stolen);
      await relayOf(await signIn(someone.email)).recover(first(someone), fresh);
      expect(await refusalOf(thief.makeRecoveryCodes())).toBe('auth.invalid');
      expect(await refusalOf(thief.recover(someone.codes[1] ?? '', `${fresh}!`))).toBe('auth.invalid');
      expect(await relayOf(someone.client).recovery()).toMatchObject({ left: 9 });
    },
  );

  attack('accounts and tokens', 'with codes that were replaced gets nowhere', async () => {
    const someone = await ownerWithCodes();
    await relayOf(someone.client).makeRecoveryCodes();
    expect(await refusalOf(relayOf(await signIn(someone.email)).recover(first(someone), fresh))).toBe('recovery.code');
  });

  attack(
    'accounts and tokens',
    'with a session left open makes no new codes: that takes the authenticator',
    async () => {
      const someone = await owner(stack);
      await ageFactor(stack, someone.client, 11 * 60);
      expect(await refusalOf(relayOf(someone.client).makeRecoveryCodes())).toBe('auth.fresh-factor');
    },
  );

  attack(
    'accounts and tokens',
    'who waits with the old password is out before the account is without a factor',
    async () => {
      const someone = await ownerWithCodes();
      const thief = await signIn(someone.email);
      await relayOf(await signIn(someone.email)).recover(first(someone), fresh);
      expect((await thief.auth.mfa.enroll({ factorType: 'totp', friendlyName: 'mine' })).error).not.toBeNull();
      expect(await isAlive(thief)).toBe(false);
      const { error } = await newClient(stack).auth.signInWithPassword({ email: someone.email, password });
      expect(error?.code).toBe('invalid_credentials');
    },
  );

  attack(
    'accounts and tokens',
    'who floods the codes from one address does not lock the owner out at another',
    async () => {
      const someone = await ownerWithCodes();
      const token = await tokenOf(await signIn(someone.email));
      const from = async (ip: string, code: string): Promise<number> => {
        const response = await stack.request('/recovery', {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': ip },
          body: JSON.stringify({ code, password: fresh }),
        });
        return response.status;
      };
      const answers: number[] = [];
      for (let n = 0; n < 21; n++) answers.push(await from('198.51.100.7', '0000-0000-0000-0000'));
      expect(answers.filter((status) => status === 403)).toHaveLength(20);
      expect(answers.at(-1)).toBe(429);
      expect(await from('203.0.113.9', first(someone))).toBe(200);
    },
  );

  attack('accounts and tokens', 'with the account of a desktop has no recovery', async () => {
    const pair = await paired(stack);
    const codes = await pair.phone.relay.makeRecoveryCodes();
    expect(await refusalOf(pair.desktop.relay.recover(codes[0] ?? '', fresh))).toBe('auth.forbidden');
    expect(await refusalOf(pair.desktop.relay.makeRecoveryCodes())).toBe('auth.forbidden');
  });

  attack(
    'accounts and tokens',
    'with a desktop account that enrolled an authenticator of its own is still no phone',
    async () => {
      const pair = await paired(stack);
      const email = (await pair.desktop.supabase.auth.getUser()).data.user?.email ?? '';
      const factor = await enrol({ client: pair.desktop.supabase, email, userId: '' });
      await pair.desktop.supabase.auth.mfa.challengeAndVerify({ factorId: factor.id, code: codeOf(factor) });
      const machine = relayOf(pair.desktop.supabase);
      expect(await refusalOf(machine.claimPairing('A'.repeat(22), 'x', pair.phone.identity.device))).toBe(
        'auth.forbidden',
      );
      expect(await refusalOf(machine.revokeDevice(pair.phone.identity.device.kid))).toBe('auth.forbidden');
      expect(await refusalOf(bind(machine, pair.phone.identity, pair.desktop.supabase))).toBe('auth.forbidden');
      expect(await sessionIdOf(pair.phone.supabase)).toBeString();
    },
  );
});
