import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { DEFAULT_SETTINGS, settingsSchema } from '../../edge/protocol/settings.ts';

const keptSchema = z.object({
  /** `errand stop`: stays so until `errand up`, through restarts */
  stopped: z.boolean(),
  /** `errand up --stay` */
  stay: z.boolean(),
  /** as the worker told them last: they count while it is off, too */
  settings: settingsSchema,
});
type KeptFacts = z.infer<typeof keptSchema>;

export type Kept = {
  read(): KeptFacts;
  /** Must not throw. */
  change(facts: Partial<KeptFacts>): void;
};

const FRESH: KeptFacts = { stopped: false, stay: false, settings: DEFAULT_SETTINGS };

function load(file: string): KeptFacts {
  try {
    return keptSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // Not there yet, or torn by a full disk: the safe side is to run with the defaults.
    return FRESH;
  }
}

/** What the supervisor remembers between its runs. */
export function openKept(file: string): Kept {
  let facts = load(file);
  return {
    read: () => facts,
    change(some) {
      const next = { ...facts, ...some };
      if (JSON.stringify(next) === JSON.stringify(facts)) return;
      facts = next;
      try {
        writeFileSync(`${file}.new`, JSON.stringify(facts), { mode: 0o600 });
        renameSync(`${file}.new`, file);
      } catch {
        // The disk is full: it counts as long as this process lives, and the power contract goes on.
      }
    },
  };
}
