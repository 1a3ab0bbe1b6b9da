import { sha256B64u, toBytes } from '../protocol/bytes.ts';
import { deskRecoverySchema, recoverSchema } from '../protocol/http.ts';
import { newRecoveryCode, readRecoveryCode, showRecoveryCode } from '../protocol/recovery-code.ts';
import { readJson } from './body.ts';
import type { RelayDeps, RelayHandler } from './deps.ts';
import { Refusal } from './errors.ts';
import { tokenIn } from './guards.ts';
import { addressGroup, bucket } from './limits.ts';

/*
 * A lost authenticator is replaced by two things: a session that the password opened (or a code at the desk), and a recovery code.
 * Whoever has only one of them gets nowhere. A code has 80 random bits: guessing needs no count by account, which somebody could use
 * up to lock the owner out, only one by address against a flood.
 */

const CODES = 10;
/** Seconds for which a code given out at the desk is good: Auth's own for the password. */
const AT_DESK = 600;

/** Bound to its owner: what lies in the database says nothing about another account. */
const hashOf = (owner: string, code: string): Promise<string> =>
  sha256B64u(toBytes(`errand1 recovery\0${owner}\0${code}`));

export function getRecovery({ store }: RelayDeps): RelayHandler {
  return async (c) => c.json(await store.recovery(c.get('owner').user));
}

/** The only answer that ever holds them. The earlier ones are worth nothing from now on. */
export function makeRecovery({ store, limits }: RelayDeps): RelayHandler {
  return async (c) => {
    const { user } = c.get('owner');
    const codes = Array.from({ length: CODES }, newRecoveryCode);
    const hashes = await Promise.all(codes.map((code) => hashOf(user, code)));
    const buckets = [bucket(`recovery-made:${user}`, limits.recoveriesMade)];
    await store.makeRecovery({ owner: user, hashes, seconds: null, buckets });
    return c.json({ codes: codes.map(showRecoveryCode) });
  };
}

/**
 * In this order: the code is used; the password is another one and all sessions are over; the old factors are gone. So whoever knew
 * the old password is out before the account is without a factor that he could replace by his own.
 */
export function recover(deps: RelayDeps): RelayHandler {
  const { store, accounts, limits, clientIp, log } = deps;
  return async (c) => {
    const { user } = c.get('owner');
    const { code, password } = await readJson(c, recoverSchema);
    const hash = await hashOf(user, readRecoveryCode(code) ?? '');
    const buckets = [bucket(`recovery:${addressGroup(clientIp(c.req.raw))}`, limits.recoveries)];
    if (!(await store.spendRecovery({ owner: user, hash, buckets }))) throw new Refusal('recovery.code');
    try {
      await accounts.renew(user, { password, token: tokenIn(c) });
      await accounts.dropFactors(user);
    } catch (error) {
      await store.returnRecovery(user, hash);
      throw error;
    }
    log({ event: 'relay.recovered' });
    return c.json({ ok: true });
  };
}

/** For whoever holds the project's secret key, which could do all this by hand: stand-ins for password and recovery code, once. */
export function deskRecovery(deps: RelayDeps): RelayHandler {
  return async (c) => {
    if (!(await isSame(tokenIn(c), deps.settings.secretKey))) throw new Refusal('auth.forbidden');
    const { email } = await readJson(c, deskRecoverySchema);
    const { user, code: passwordCode } = await deps.accounts.passwordCode(email);
    const code = newRecoveryCode();
    const hashes = [await hashOf(user, code)];
    // Not counted: no flood of guesses keeps the owner from the desk.
    await deps.store.makeRecovery({ owner: user, hashes, seconds: AT_DESK, buckets: [] });
    return c.json({ passwordCode, code: showRecoveryCode(code) });
  };
}

/** Hashed first: how long it takes says nothing about where they differ. */
const isSame = async (given: string, own: string): Promise<boolean> =>
  (await sha256B64u(toBytes(given))) === (await sha256B64u(toBytes(own)));
