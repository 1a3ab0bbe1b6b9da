import type { Promised, Tx } from '../promises/promise.ts';

/** A database with the migrations, but for one harmful change. */
export interface Mutant {
  readonly change: string;
  readonly sql: string;
  /** Each of them must notice by itself. */
  readonly noticedBy: readonly Promised[];
}

export type Mutants = (tx: Tx) => Promise<Mutant[]>;

export const CLIENT_ROLES = ['anon', 'authenticated', 'public'];
