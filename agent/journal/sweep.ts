import type { Database } from 'bun:sqlite';
import { MAX_LIFE } from '../../edge/protocol/envelope.ts';

const DAY = 24 * 3600 * 1000;
/** The text of what was taken: its id is kept for ever, and what it said is in the other tables. */
const KEEP_TEXT = 30 * DAY;
/** A cancel that came before its task: with this the task has expired. */
const KEEP_CANCEL = MAX_LIFE * 1000 + DAY;
/** Of refusals, and of words that could not be sent, the newest. */
const KEEP_REFUSED = 1000;
const KEEP_FAILED = 1000;

/** Forgets what nobody will ask for any more, at each start. `now` in Unix milliseconds. */
export function sweep(db: Database, now: number): void {
  db.transaction(() => {
    db.query("update inbox set envelope = '' where at < $before and envelope <> ''").run({ before: now - KEEP_TEXT });
    db.query('delete from cancelled where at < $before').run({ before: now - KEEP_CANCEL });
    db.query(
      `delete from inbox where verdict <> 'taken' and rowid not in
         (select rowid from inbox where verdict <> 'taken' order by at desc, rowid desc limit $keep)`,
    ).run({ keep: KEEP_REFUSED });
    db.query(
      `delete from out where state = 'failed' and seq not in
         (select seq from out where state = 'failed' order by seq desc limit $keep)`,
    ).run({ keep: KEEP_FAILED });
  })();
}
