import { hashNow } from './hash.ts';
import type { Journal } from './journal.ts';

/** What the owner may want to look up later, and nobody should be able to rewrite unnoticed. */
type Audited =
  | { readonly did: 'paired' | 'dropped'; readonly kid: string; readonly name: string; readonly by: string }
  | { readonly did: 'refused-envelope'; readonly id: string; readonly why: string }
  | { readonly did: 'refused-control'; readonly kind: string; readonly by: string; readonly why: string }
  | { readonly did: 'answered'; readonly ask: string; readonly ok: boolean; readonly by: string }
  | { readonly did: 'rotated'; readonly ek: string; readonly turn: number }
  | { readonly did: 'forgot-identity' }
  | { readonly did: 'forgot-keys'; readonly count: number }
  | { readonly did: 'set-power'; readonly settings: string; readonly by: string }
  | {
      readonly did: 'stepped';
      readonly t: string;
      readonly n: number;
      readonly tool: string;
      readonly outcome: string;
    };

/** Appends to the chain: each entry's hash covers the hash before it. */
export function audit(journal: Journal, what: Audited): void {
  journal.write(() => {
    const last = journal.db.query<{ hash: string }, []>('select hash from audit order by i desc limit 1').get();
    const prev = last?.hash ?? null;
    const at = journal.now();
    const text = JSON.stringify(what);
    const hash = hashNow(JSON.stringify([prev, at, text]));
    journal.db
      .query('insert into audit (at, what, prev, hash) values ($at, $text, $prev, $hash)')
      .run({ at, text, prev, hash });
  });
}

/** True when no entry was changed or removed from the middle. */
export function auditHolds(journal: Journal): boolean {
  const rows = journal.db
    .query<{ at: number; what: string; prev: string | null; hash: string }, []>(
      'select at, what, prev, hash from audit order by i',
    )
    .all();
  return rows.every(
    (row, index) =>
      row.prev === (rows[index - 1]?.hash ?? null) &&
      row.hash === hashNow(JSON.stringify([row.prev, row.at, row.what])),
  );
}
