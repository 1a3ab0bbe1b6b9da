import type { Device } from '../../edge/protocol/device.ts';
import type { Down } from '../../edge/protocol/down.ts';
import { MAX_LIFE } from '../../edge/protocol/envelope.ts';
import type { Journal } from './journal.ts';
import { addDraft } from './outbox.ts';

/** Milliseconds for which a phone that still speaks is told again that it was dropped, and between two such words. */
const REMEMBERED = 90 * 86_400_000;
const AGAIN = 3_600_000;

/** Remembers a phone that was taken off the list, and tells it: the last thing that is sealed to it. */
export function part(journal: Journal, device: Device): void {
  journal.write(() => {
    const at = journal.now();
    journal.db.query('delete from parted where at < $old').run({ old: at - REMEMBERED });
    journal.db
      .query('insert into parted (kid, device, at) values ($kid, $device, $at) on conflict do nothing')
      .run({ kid: device.kid, device: JSON.stringify(device), at });
    sayFarewell(journal, device.kid);
  });
}

/** A dropped phone has not heard of it: an envelope in its name came. It needs no proof, the word goes to that phone alone. */
export function remindParted(journal: Journal, kid: string): void {
  journal.write(() => {
    const row = journal.db
      .query<{ told_at: number }, { kid: string }>('select told_at from parted where kid = $kid')
      .get({ kid });
    if (row && journal.now() - row.told_at >= AGAIN) sayFarewell(journal, kid);
  });
}

function sayFarewell(journal: Journal, kid: string): void {
  const at = journal.now();
  journal.db.query('update parted set told_at = $at where kid = $kid').run({ kid, at });
  const down: Down = { kind: 'dropped', at };
  addDraft(journal, {
    k: 'evt',
    json: JSON.stringify(down),
    to: [kid],
    c: 'farewell',
    life: MAX_LIFE,
    reseal: true,
  });
}
