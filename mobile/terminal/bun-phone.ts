import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { patient } from '../../edge/mailbox/patient.ts';
import { ownLock } from '../link/lock.ts';
import { listenForPokes } from '../link/pokes.ts';
import { sqliteDb } from '../link/sqlite-db.ts';
import { createPhone, type Phone } from '../state/phone.ts';
import { keysInFile } from './key-file.ts';

/** A phone whose data and keys live in a folder (0700): a paired terminal, and the phone of tests and measurements. */
export function bunPhone(options: { folder: string; relayUrl: string; name: string; now?: () => number }): Phone {
  const { folder, relayUrl, name, now = Date.now } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return createPhone({
    relayUrl,
    name,
    db: sqliteDb(join(folder, 'phone.sqlite')),
    keys: keysInFile(join(folder, 'keys.json')),
    extractable: true,
    fetch: patient(fetch),
    now,
    setTimer: (run, ms) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    lock: ownLock(),
    listen: listenForPokes,
  });
}
