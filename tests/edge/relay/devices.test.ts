import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { RelayClient } from '../../../edge/mailbox/relay-client.ts';
import type { Identity } from '../../../edge/protocol/identity.ts';
import { makeProof } from '../../../edge/protocol/proof.ts';
import { attack } from '../../support/evidence.ts';
import {
  ageFactor,
  bind,
  desktopIdentity,
  desktopSession,
  nowSeconds,
  paired,
  phoneIdentity,
  sealed,
  sessionIdOf,
  tokenOf,
  type Pair,
} from '../../support/paired.ts';
import { refusalOf } from '../../support/refusal.ts';
import { rows } from '../../support/rows.ts';
import { relayStack, type RelayStack } from '../../support/relay-stack.ts';
import { claimsOf, newClient, owner } from '../../support/stack-people.ts';

let stack: RelayStack;
let pair: Pair;
beforeAll(async () => {
  stack = await relayStack();
}, 60_000);
afterAll(() => stack.stop());
beforeEach(async () => {
  await stack.sql`delete from private.buckets`;
  pair = await paired(stack);
});

const kidOf = ({ identity }: { identity: Identity }): string => identity.device.kid;
const pullAs = (relay: RelayClient) => refusalOf(relay.pull({ max: 1, epoch: 1 }));

describe("a desktop's session", () => {
  const prove = async (by: Identity, claim: { kid: string; nonce: string; iat?: number }) =>
    stack.client().sessionToken(await makeProof(by, { use: 'session', iat: nowSeconds(), ...claim }));

  test('is of its own account, without a second factor', async () => {
    expect(claimsOf(await tokenOf(pair.desktop.supabase))).toMatchObject({
      aal: 'aal1',
      app_metadata: { kind: 'device', kid: kidOf(pair.desktop), owner: pair.person.userId },
    });
  });

  test('can be had again when it was lost, with a number that is good once', async () => {
    const kid = kidOf(pair.desktop);
    const nonce = await stack.client().sessionNonce(kid);
    const token_hash = await prove(pair.desktop.identity, { kid, nonce });
    const { data } = await newClient(stack).auth.verifyOtp({ type: 'magiclink', token_hash });
    expect(data.user?.app_metadata).toMatchObject({ kid });
    expect(await refusalOf(prove(pair.desktop.identity, { kid, nonce }))).toBe('device.proof');
  });

  attack(
    'accounts and tokens',
    'needs the key, a number of the relay for this desktop, and a right clock',
    async () => {
      const kid = kidOf(pair.desktop);
      const nonce = await stack.client().sessionNonce(kid);
      const { device } = pair.desktop.identity;
      const forger = { ...(await desktopIdentity()), device };
      expect(await refusalOf(prove(forger, { kid, nonce }))).toBe('device.proof');
      expect(await refusalOf(prove(pair.desktop.identity, { kid, nonce: 'x' }))).toBe('device.proof');
      expect(await refusalOf(prove(pair.desktop.identity, { kid, nonce, iat: nowSeconds() - 400 }))).toBe(
        'device.proof',
      );
      const second = await paired(stack, pair);
      const foreign = await stack.client().sessionNonce(kidOf(second.desktop));
      expect(await refusalOf(prove(pair.desktop.identity, { kid, nonce: foreign }))).toBe('device.proof');
      await stack.sql`update private.nonces set exp = now()`;
      expect(await refusalOf(prove(pair.desktop.identity, { kid, nonce }))).toBe('device.proof');
    },
  );

  attack('accounts and tokens', 'is not for phones, nor for desktops nobody knows', async () => {
    for (const kid of [kidOf(pair.phone), (await desktopIdentity()).device.kid]) {
      expect(await refusalOf(stack.client().sessionNonce(kid))).toBe('device.unknown');
      expect(await refusalOf(prove(pair.phone.identity, { kid, nonce: 'x' }))).toBe('device.unknown');
    }
  });

  attack('accounts and tokens', 'is not given for a proof that was made for something else', async () => {
    const kid = kidOf(pair.desktop);
    const proof = await makeProof(pair.desktop.identity, { use: 'bind', kid, session: 'x', iat: nowSeconds() });
    expect(await refusalOf(stack.client().sessionToken(proof))).toBe('device.proof');
  });

  test('can be asked for ten times a minute', async () => {
    const kid = kidOf(pair.desktop);
    const codes = [];
    for (let count = 0; count < 11; count++) codes.push(await refusalOf(stack.client().sessionNonce(kid)));
    expect(codes.at(-1)).toBe('quota.exceeded');
  });
});

describe('registering at the desk', () => {
  const register = async (by: Identity, claim: { device?: Identity['device']; session?: string } = {}) => {
    const session = await sessionIdOf(pair.person.client);
    const proof = { use: 'register' as const, device: by.device, session, iat: nowSeconds(), ...claim };
    return refusalOf(pair.phone.relay.registerDevice(await makeProof(by, proof)));
  };

  test('gives the desktop an account of its own and a session', async () => {
    const desktop = await desktopIdentity();
    expect(await register(desktop)).toBeUndefined();
    expect(await register(desktop)).toBeUndefined();
    const session = await desktopSession(stack, desktop);
    expect(await pullAs(stack.client(() => tokenOf(session)))).toBeUndefined();
  });

  attack('accounts and tokens', 'takes a proof of this desktop for this session only', async () => {
    const desktop = await desktopIdentity();
    expect(await register(desktop, { session: crypto.randomUUID() })).toBe('device.proof');
    expect(await register(desktop, { device: (await desktopIdentity()).device })).toBe('device.proof');
    const { sig, kid } = desktop.device;
    expect(await register(desktop, { device: { ...pair.desktop.identity.device, sig, kid } })).toBeUndefined();
    expect(await register(desktop, { device: { ...pair.desktop.identity.device, sig } })).toBe('device.proof');
    expect(await register(await phoneIdentity())).toBe('device.proof');
  });

  attack('accounts and tokens', 'takes no desktop of another account, and needs a fresh factor', async () => {
    const theirs = await paired(stack);
    expect(await register(theirs.desktop.identity)).toBe('device.owned');
    await ageFactor(stack, pair.person.client, 601);
    expect(await register(await desktopIdentity())).toBe('auth.fresh-factor');
  });
});

describe('binding a session', () => {
  test('moves the phone away from the session it had', async () => {
    const rebind = () => bind(pair.phone.relay, pair.phone.identity, pair.person.client);
    await stack.sql`update private.devices set session_id = ${crypto.randomUUID()} where kid = ${kidOf(pair.phone)}`;
    expect(await pullAs(pair.phone.relay)).toBe('device.unbound');
    await rebind();
    await rebind();
    expect(await pullAs(pair.phone.relay)).toBeUndefined();
  });

  test('makes a session one phone and no other', async () => {
    const second = await phoneIdentity('second');
    await stack.sql`
      insert into private.devices (kid, owner, kind, name, sig, ek, enc)
      select ${second.device.kid}, owner, kind, name, ${stack.sql.json(second.device.sig)}, ek, enc
      from private.devices where kid = ${kidOf(pair.phone)}`;
    await bind(pair.phone.relay, second, pair.person.client);
    const found = await rows(
      stack.sql`select kid from private.devices where session_id is not null and owner = ${pair.person.userId}`,
    );
    expect(found).toEqual([{ kid: second.device.kid }]);
  });

  attack('accounts and tokens', "takes a proof of the phone's key for this very session", async () => {
    const session = await sessionIdOf(pair.person.client);
    const kid = kidOf(pair.phone);
    const offer = async (by: Identity, claim: { session?: string; iat?: number; kid?: string } = {}) =>
      refusalOf(
        pair.phone.relay.bindDevice(await makeProof(by, { use: 'bind', kid, session, iat: nowSeconds(), ...claim })),
      );
    expect(await offer(await phoneIdentity())).toBe('device.proof');
    expect(await offer(pair.phone.identity, { session: crypto.randomUUID() })).toBe('device.proof');
    expect(await offer(pair.phone.identity, { iat: nowSeconds() - 400 })).toBe('device.proof');
    expect(await offer(pair.desktop.identity, { kid: kidOf(pair.desktop) })).toBe('device.unknown');
    expect(await offer(await phoneIdentity(), { kid: (await phoneIdentity()).device.kid })).toBe('device.unknown');
  });
});

describe('the list of devices', () => {
  test('is the same for its owner, the phone and the desktop, and nobody else', async () => {
    const expected = [kidOf(pair.phone), kidOf(pair.desktop)].toSorted();
    for (const relay of [pair.phone.relay, pair.desktop.relay]) {
      expect((await relay.devices()).devices.map(({ kid }) => kid).toSorted()).toEqual(expected);
    }
    const stranger = await owner(stack);
    expect((await stack.client(() => tokenOf(stranger.client)).devices()).devices).toEqual([]);
  });
});

describe('revoking', () => {
  test('a desktop shuts it out at once, with the token it still has', async () => {
    const task = await sealed(pair.phone.identity, [pair.desktop.identity]);
    await pair.phone.relay.revokeDevice(kidOf(pair.desktop));
    expect(await pullAs(pair.desktop.relay)).toBe('device.unknown');
    expect(await refusalOf(pair.desktop.relay.devices())).toBe('device.unknown');
    expect(await refusalOf(stack.client().sessionNonce(kidOf(pair.desktop)))).toBe('device.unknown');
    expect(await refusalOf(pair.phone.relay.postEnvelope(task))).toBe('envelope.recipient');
    const accounts = await rows(stack.sql`
      select id from auth.users where raw_app_meta_data ->> 'kid' = ${kidOf(pair.desktop)}`);
    expect(accounts).toEqual([]);
  });

  test('a phone takes back what it asked for and nobody fetched', async () => {
    const task = await sealed(pair.phone.identity, [pair.desktop.identity]);
    await pair.phone.relay.postEnvelope(task);
    await pair.phone.relay.revokeDevice(kidOf(pair.phone));
    expect((await pair.desktop.relay.pull({ max: 10, epoch: 1 })).envelopes).toEqual([]);
    expect(await pullAs(pair.phone.relay)).toBe('device.unbound');
    expect(await refusalOf(pair.phone.relay.postEnvelope(task))).toBe('device.unbound');
  });

  test('lets the desktop be paired anew, by another account too', async () => {
    await pair.phone.relay.revokeDevice(kidOf(pair.desktop));
    const next = await owner(stack);
    const session = await sessionIdOf(next.client);
    const proof = { use: 'register' as const, device: pair.desktop.identity.device, session, iat: nowSeconds() };
    const relay = stack.client(() => tokenOf(next.client));
    expect(await refusalOf(relay.registerDevice(await makeProof(pair.desktop.identity, proof)))).toBeUndefined();
    expect(await pullAs(pair.desktop.relay)).toBe('device.unknown');
  });

  test("is for one's own devices, and needs a fresh factor", async () => {
    const theirs = await paired(stack);
    expect(await refusalOf(pair.phone.relay.revokeDevice(kidOf(theirs.desktop)))).toBe('device.unknown');
    await ageFactor(stack, pair.person.client, 601);
    expect(await refusalOf(pair.phone.relay.revokeDevice(kidOf(pair.desktop)))).toBe('auth.fresh-factor');
  });
});

describe('a new encryption key', () => {
  const follow = async (by: Identity, was: string, next: Identity, more: object = {}): Promise<string> => {
    const { ek, enc } = next.device;
    return makeProof(by, { use: 'rotate', kid: by.device.kid, was, ek, enc, iat: nowSeconds(), ...more });
  };
  const registered = async (): Promise<unknown> =>
    (await rows(stack.sql`select ek from private.devices where kid = ${kidOf(pair.desktop)}`))[0];

  test('takes the place of the one it follows, as often as it is said, and no older word brings that back', async () => {
    const { identity, relay } = pair.desktop;
    const [next, third] = await Promise.all([desktopIdentity(), desktopIdentity()]);
    const first = await follow(identity, identity.device.ek, next);
    await relay.rotateKey(first);
    await relay.rotateKey(first);
    expect(await registered()).toEqual({ ek: next.device.ek });
    await relay.rotateKey(await follow(identity, next.device.ek, third));
    expect(await refusalOf(relay.rotateKey(first))).toBe('device.proof');
    expect(await registered()).toEqual({ ek: third.device.ek });
  });

  attack('accounts and tokens', "is taken with the desktop's own word only", async () => {
    const { identity, relay } = pair.desktop;
    const { ek } = identity.device;
    const next = await desktopIdentity();
    const theirs = await paired(stack);
    for (const word of [
      follow(next, ek, next, { kid: identity.device.kid }),
      follow(identity, ek, next, { ek }),
      follow(identity, ek, next, { iat: nowSeconds() - 600 }),
      follow(theirs.desktop.identity, ek, next),
    ]) {
      expect(await refusalOf(relay.rotateKey(await word))).toBe('device.proof');
    }
    expect(await refusalOf(stack.client().rotateKey(await follow(identity, ek, next)))).toBe('auth.missing');
    expect(await registered()).toEqual({ ek });
  });
});

describe('stopping a desktop', () => {
  test('drops what waits for it, takes nothing more for it, and brings it the code', async () => {
    const [before, after] = await Promise.all([1, 2].map(() => sealed(pair.phone.identity, [pair.desktop.identity])));
    await pair.phone.relay.postEnvelope(before ?? '');
    await pair.phone.relay.stop(kidOf(pair.desktop), 'word of the printed code');
    expect(await pair.desktop.relay.pull({ max: 10, epoch: 1 })).toMatchObject({
      envelopes: [],
      stop: { code: 'word of the printed code' },
    });
    expect(await refusalOf(pair.phone.relay.postEnvelope(after ?? ''))).toBe('envelope.recipient');
    expect(
      await rows(stack.sql`select id from private.envelopes where owner = ${pair.person.userId} and body is not null`),
    ).toEqual([]);
  });

  test('works without the code, and lasts until it is registered anew', async () => {
    await pair.phone.relay.stop(kidOf(pair.desktop));
    expect((await pair.desktop.relay.pull({ max: 10, epoch: 1 })).stop).toEqual({});
    const session = await sessionIdOf(pair.person.client);
    const proof = { use: 'register' as const, device: pair.desktop.identity.device, session, iat: nowSeconds() };
    await pair.phone.relay.registerDevice(await makeProof(pair.desktop.identity, proof));
    expect((await pair.desktop.relay.pull({ max: 10, epoch: 1 })).stop).toBeUndefined();
  });

  test("is for one's own desktops", async () => {
    const theirs = await paired(stack);
    expect(await refusalOf(pair.phone.relay.stop(kidOf(theirs.desktop)))).toBe('device.unknown');
    expect(await refusalOf(pair.phone.relay.stop(kidOf(pair.phone)))).toBe('device.unknown');
  });
});
