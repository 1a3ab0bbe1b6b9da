import { addressGroup } from '../../../edge/relay/limits.ts';
import type { Query } from '../postgres/connect.ts';
import type { Clock } from '../tokens.ts';
import { createCounter } from './limits.ts';

const windowMs = 15 * 60_000;
const mostWrong = 20;

/** Bounds the wrong passwords of one account, whoever they come from. */
export type PasswordGuard = {
  /** Throws when there were too many. Resolves with what to call when the password was right. */
  enter: (sql: Query, who: { email: string; ip: string | undefined }) => Promise<() => void>;
};

/**
 * Strangers share one count, so that many addresses do not help. An address where the account is signed in with both factors
 * has a count of its own, which nobody elsewhere can use up: guessing does not lock the owner out.
 */
export function createPasswordGuard(clock: Clock): PasswordGuard {
  const wrong = createCounter({ most: mostWrong, windowMs, clock });
  return {
    enter: async (sql, { email, ip }) => {
      const account = email.toLowerCase();
      const address = ip === undefined ? undefined : addressGroup(ip);
      const known = await sql`
        select from auth.sessions as s join auth.users as u on u.id = s.user_id
        where lower(u.email) = ${account} and s.aal = 'aal2' and s.x_address = ${address ?? null}`;
      const key = known.length > 0 ? `${account} ${address}` : account;
      wrong.take(key);
      return () => wrong.giveBack(key);
    },
  };
}
