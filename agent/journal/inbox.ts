import type { Refusal } from '../../edge/mailbox/store.ts';
import { audit } from './audit.ts';
import type { Journal } from './journal.ts';

/** Only what this journal itself decided counts: the id of an unreadable envelope is the relay's word, and may be another's. */
export function knowsEnvelope(journal: Journal, id: string): boolean {
  return (
    journal.db
      .query<{ id: string }, { id: string }>("select id from inbox where id = $id and verdict = 'taken'")
      .get({ id }) !== null
  );
}

/** Remembers for ever that an envelope was taken. Part of the transaction that does what it says. */
export function noteTaken(journal: Journal, taken: { id: string; sender: string; compact: string }): void {
  const { id, sender, compact } = taken;
  journal.write(() =>
    journal.db
      .query(
        `insert into inbox (id, sender, at, verdict, envelope) values ($id, $sender, $at, 'taken', $compact)
         on conflict (id) do update set sender = excluded.sender, at = excluded.at, verdict = 'taken', envelope = excluded.envelope`,
      )
      .run({ id, sender, at: journal.now(), compact }),
  );
}

/** Its text is not kept: whoever makes envelopes that nobody takes could fill the disk with them. */
export function noteRefused(journal: Journal, { id, why }: { id: string; why: Refusal }): void {
  journal.write(() => {
    const added = journal.db
      .query(
        `insert into inbox (id, sender, at, verdict, envelope) values ($id, null, $at, $why, '') on conflict do nothing`,
      )
      .run({ id, at: journal.now(), why });
    if (added.changes > 0) audit(journal, { did: 'refused-envelope', id, why });
  });
}
