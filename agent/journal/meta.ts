import * as z from 'zod/mini';
import { DEFAULT_SETTINGS, settingsSchema, type Settings } from '../../edge/protocol/settings.ts';
import type { Journal } from './journal.ts';

type Key =
  | 'settings'
  | 'notBefore'
  | 'counter'
  | 'keyring'
  | 'kid'
  /** The encryption key that phones are told, and the one the relay was told. */
  | 'ek'
  | 'registered'
  /** Set when a phone was dropped and the key has to be changed. */
  | 'rotate'
  /** When every phone had confirmed the key, as "<ek> <Unix milliseconds>". */
  | 'settled';

export function readMeta(journal: Journal, key: Key): string | undefined {
  return journal.db.query<{ value: string }, { key: string }>('select value from meta where key = $key').get({ key })
    ?.value;
}

export function writeMeta(journal: Journal, key: Key, value: string): void {
  journal.write(() =>
    journal.db
      .query('insert into meta values ($key, $value) on conflict (key) do update set value = excluded.value')
      .run({ key, value }),
  );
}

export const dropMeta = (journal: Journal, key: Key): void =>
  journal.write(() => void journal.db.query('delete from meta where key = $key').run({ key }));

/** Unix seconds: no envelope issued before this is accepted. 0 where keys and journal began together. */
export const notBefore = (journal: Journal): number => Number(readMeta(journal, 'notBefore'));

/** The next value of this device's envelope counter. */
export function nextCounter(journal: Journal): number {
  return journal.write(() => {
    const next = Number(readMeta(journal, 'counter') ?? 0) + 1;
    writeMeta(journal, 'counter', String(next));
    return next;
  });
}

const storedSettingsSchema = z.object({ settings: settingsSchema, rev: z.int() });
type StoredSettings = z.infer<typeof storedSettingsSchema>;

/** The power switches. `rev` counts their changes, so that a phone with an old view cannot undo a newer choice. */
export function readSettings(journal: Journal): StoredSettings {
  const text = readMeta(journal, 'settings');
  return text === undefined ? { settings: DEFAULT_SETTINGS, rev: 0 } : storedSettingsSchema.parse(JSON.parse(text));
}

/** Sets the switches when `rev` is the current revision (undefined: whatever it is); says whether it did. */
export function writeSettings(journal: Journal, settings: Settings, rev?: number): boolean {
  return journal.write(() => {
    const current = readSettings(journal);
    if (rev !== undefined && rev !== current.rev) return false;
    writeMeta(journal, 'settings', JSON.stringify({ settings, rev: current.rev + 1 }));
    journal.touch({ in: 'settings' });
    return true;
  });
}
