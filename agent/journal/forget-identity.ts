import { audit } from './audit.ts';
import type { Journal } from './journal.ts';

/**
 * This desktop becomes another one: phones that trusted what it was must be paired again, and what waits for them can be sent by
 * nobody. Errands and their files stay, and go to a phone that is paired and may read older errands.
 */
export function forgetIdentity(journal: Journal): void {
  journal.write(() => {
    journal.db.run("delete from meta where key in ('kid', 'ek', 'registered', 'rotate', 'settled')");
    for (const table of ['peer', 'parted', 'out']) journal.db.run(`delete from ${table}`);
    audit(journal, { did: 'forgot-identity' });
  });
}
