import { afterAll, beforeAll, describe, expect } from 'bun:test';
import { attack } from '../../support/evidence.ts';
import { minted } from '../../support/minted.ts';
import { bind, paired, sealed, tokenOf, type Pair } from '../../support/paired.ts';
import { refusalOf } from '../../support/refusal.ts';
import { relayStack, type RelayStack } from '../../support/relay-stack.ts';
import { claimsOf, enrol, newClient, owner, password } from '../../support/stack-people.ts';

let stack: RelayStack;
let pair: Pair;
let phoneClaims: Record<string, unknown>;
beforeAll(async () => {
  stack = await relayStack();
  pair = await paired(stack);
  phoneClaims = claimsOf(await tokenOf(pair.phone.supabase));
}, 60_000);
afterAll(() => stack.stop());

const mint = (claims: Record<string, unknown>): Promise<string> => minted(stack, { ...phoneClaims, ...claims });

const CLASS = 'accounts and tokens';
const pullWith = (token: string | undefined) =>
  refusalOf(stack.client(() => Promise.resolve(token)).pull({ max: 1, epoch: 1 }));

describe('a caller', () => {
  attack('accounts and tokens', 'without the second factor is told to enter it', async () => {
    const half = newClient(stack);
    await half.auth.signInWithPassword({ email: pair.person.email, password });
    const token = await tokenOf(half);
    expect(await pullWith(token)).toBe('auth.second-factor');
    // Signing in made no phone of it, and the phone's own session still is one.
    expect(await refusalOf(pair.phone.relay.pull({ max: 1, epoch: 1 }))).toBeUndefined();
  });

  attack(
    'accounts and tokens',
    'whose session is bound to no phone cannot send or pull, but can list and stop',
    async () => {
      const someone = await owner(stack);
      const relay = stack.client(() => tokenOf(someone.client));
      expect(await refusalOf(relay.pull({ max: 1, epoch: 1 }))).toBe('device.unbound');
      const envelope = await sealed(pair.phone.identity, [pair.desktop.identity]);
      expect(await refusalOf(relay.postEnvelope(envelope))).toBe('device.unbound');
      expect((await relay.devices()).devices).toEqual([]);
    },
  );

  attack(CLASS, "in another session of the phone's owner is not the phone", async () => {
    expect(await pullWith(await mint({ session_id: crypto.randomUUID() }))).toBe('device.unbound');
  });

  attack(CLASS, "cannot bind a session to another account's phone", async () => {
    const thief = await owner(stack);
    const relay = stack.client(() => tokenOf(thief.client));
    expect(await refusalOf(bind(relay, pair.phone.identity, thief.client))).toBe('device.unknown');
  });

  attack(
    CLASS,
    'that is a machine account with a second factor of its own is still no phone and no owner',
    async () => {
      const { supabase, relay, identity } = await paired(stack, pair).then(({ desktop }) => desktop);
      await enrol({ client: supabase, email: '', userId: '' });
      expect(claimsOf(await tokenOf(supabase))['aal']).toBe('aal2');
      const task = await sealed(identity, [pair.desktop.identity], { k: 'task' });
      expect(await refusalOf(relay.postEnvelope(task))).toBe('envelope.kind');
      expect(await refusalOf(relay.stop(pair.desktop.identity.device.kid))).toBe('auth.forbidden');
      expect(await refusalOf(relay.revokeDevice(pair.phone.identity.device.kid))).toBe('auth.forbidden');
      expect(await refusalOf(bind(relay, identity, supabase))).toBe('auth.forbidden');
    },
  );

  attack(CLASS, "that is a machine account with another desktop's name in it is unknown", async () => {
    const other = await paired(stack);
    const machine = claimsOf(await tokenOf(other.desktop.supabase));
    const { kid } = pair.desktop.identity.device;
    const token = await mint({ ...machine, app_metadata: { kind: 'device', kid, owner: pair.person.userId } });
    expect(await pullWith(token)).toBe('device.unknown');
  });
});
