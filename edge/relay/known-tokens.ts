import type { Caller, Verify } from './auth.ts';

/** Tokens remembered at once. */
const MOST = 1000;
/** The longest a token is believed without a look at its signature: so long a key opens doors after the project withdrew it. */
const LONGEST = 300;

/** What a token says, and the Unix second at which it expires. */
export interface ReadToken {
  readonly caller: Caller;
  readonly expires: number;
}

/** Saves each call but a token's first the check of its signature, half a millisecond. Only tokens that `read` accepted are kept. */
export function knownTokens(read: (token: string) => Promise<ReadToken>, now: () => number): Verify {
  const known = new Map<string, ReadToken>();
  return async (token) => {
    const found = known.get(token);
    if (found && now() < found.expires) return found.caller;
    known.delete(token);
    const { caller, expires } = await read(token);
    if (known.size >= MOST) known.clear();
    known.set(token, { caller, expires: Math.min(expires, now() + LONGEST) });
    return caller;
  };
}
