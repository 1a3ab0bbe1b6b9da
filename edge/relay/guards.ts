import type { MiddlewareHandler } from 'hono';
import type { Caller } from './auth.ts';
import type { Owner, RelayContext, RelayDeps, RelayEnv } from './deps.ts';
import { Refusal } from './errors.ts';
import type { DeviceClaim } from './store.ts';

/** Seconds for which an entered code counts as fresh. */
const FRESH = 600;

type Guard = MiddlewareHandler<RelayEnv>;

/** Clients name the project's publishable key with every call. It keeps nobody out; it shows that they mean this relay. */
export function knowsProject({ settings }: RelayDeps): Guard {
  return async (c, next) => {
    const key = c.req.header('apikey');
    if (key === undefined) throw new Refusal('auth.missing');
    if (!settings.publishableKeys.includes(key)) throw new Refusal('auth.invalid');
    await next();
  };
}

/** What the caller shows. Throws a {@link Refusal}. */
export function tokenIn(c: RelayContext): string {
  const [, token] = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '') ?? [];
  if (token === undefined) throw new Refusal('auth.missing');
  return token;
}

const callerIn = async ({ verify }: RelayDeps, c: RelayContext): Promise<Caller> => verify(tokenIn(c));

function personOf(caller: Caller): Owner {
  if (caller.role !== 'owner') throw new Refusal('auth.forbidden');
  return caller;
}

function ownerOf(caller: Caller): Owner {
  const person = personOf(caller);
  if (!person.secondFactor) throw new Refusal('auth.second-factor');
  return person;
}

/** The person with a second factor who is calling. Throws a {@link Refusal}. */
export const ownerIn = async (deps: RelayDeps, c: RelayContext): Promise<Owner> => ownerOf(await callerIn(deps, c));

/** Lets a person with a second factor pass. */
export function asOwner(deps: RelayDeps): Guard {
  return async (c, next) => {
    c.set('owner', await ownerIn(deps, c));
    await next();
  };
}

/** Lets a person pass who entered a code in the last ten minutes. */
export function asFreshOwner(deps: RelayDeps): Guard {
  return async (c, next) => {
    const owner = await ownerIn(deps, c);
    if (owner.factorAt === undefined || owner.factorAt < deps.now() - FRESH) throw new Refusal('auth.fresh-factor');
    c.set('owner', owner);
    await next();
  };
}

/**
 * Lets a person pass, with or without a second factor, whose session is not over. A token alone is believed until it expires: too
 * long for what hands the account over, because a thief's could be one of those that the owner just ended.
 */
export function asLivePerson(deps: RelayDeps): Guard {
  return async (c, next) => {
    c.set('owner', personOf(await callerIn(deps, c)));
    await deps.accounts.checkLive(tokenIn(c));
    await next();
  };
}

/** Lets a session pass that says it is a device. Whether it is one is for the database call that follows to find out. */
export function asClaimant(deps: RelayDeps): Guard {
  return async (c, next) => {
    c.set('claim', claimOf(await callerIn(deps, c)));
    await next();
  };
}

/** Lets a live device pass: a desktop's own account, or a person's session that a phone bound with its key. */
export function asDevice(deps: RelayDeps): Guard {
  return async (c, next) => {
    c.set('device', await deps.store.caller(claimOf(await callerIn(deps, c))));
    await next();
  };
}

function claimOf(caller: Caller): DeviceClaim {
  if (caller.role === 'machine') return { user: caller.user, kid: caller.kid };
  const { user, session } = ownerOf(caller);
  return { user, session };
}

/** The account a caller may look at: an owner's own, or that of a device's owner. */
export function accountOf(deps: RelayDeps): (c: RelayContext) => Promise<string> {
  return async (c) => {
    const caller = await callerIn(deps, c);
    return caller.role === 'machine' ? (await deps.store.caller(claimOf(caller))).owner : ownerOf(caller).user;
  };
}
