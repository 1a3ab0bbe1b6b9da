import type { Keys } from '../keys.ts';
import type { Sql } from '../postgres/connect.ts';
import type { Clock } from '../tokens.ts';
import type { Counter, Limits } from './limits.ts';
import type { PasswordGuard } from './password-guard.ts';

/** Who may make an account: everybody, nobody, or these e-mail addresses. The admin calls are not bound by it. */
export type SignUps = 'open' | 'closed' | readonly string[];

export type AuthDeps = {
  admin: Sql;
  keys: Keys;
  clock: Clock;
  /** `iss` of the tokens: the stack's address and `/auth/v1`. */
  issuer: string;
  signUps: SignUps;
  /** Shows a line to the person at the desk: the code of a password reset. */
  log: (line: string) => void;
  accessTokenSeconds: number;
  limits: Limits;
};

/** And what it remembers while it runs. */
export type AuthParts = AuthDeps & {
  passwords: PasswordGuard;
  /** How often a code was said at the desk, by account. */
  said: Counter;
};
