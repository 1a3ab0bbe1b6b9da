import { mkdtempSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newIdentity } from '../../../edge/protocol/identity.ts';
import { steadyCrypto } from '../../support/faults-crypto.ts';
import { makeTemplate, runSeed } from '../../support/faults-run.ts';
import { Dead } from '../../support/faults-world.ts';

/*
 * Runs the seeds FROM..TO (exclusive), in a process of its own: what a simulated death leaves behind would end a process of tests.
 * Says one JSON object: what it found.
 */

const [from = '0', to = '1', verbose] = process.argv.slice(2);

const survive = (error: unknown): void => {
  if (error instanceof Dead) return;
  console.error(error);
  process.exit(1);
};
process.on('unhandledRejection', survive);
process.on('uncaughtException', survive);

let busy = (): boolean => false;
const steady = steadyCrypto(() => !busy());
const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'errand-faults-'));
process.on('exit', () => rmSync(root, { recursive: true, force: true }));
const phone = await newIdentity({ kind: 'phone', name: 'Pixel 8', extractable: false });
const desktop = await newIdentity({ kind: 'desktop', name: 'Studio-PC', extractable: false });
makeTemplate({ root, phone });

const found = {
  runs: 0,
  tasks: 0,
  injected: 0,
  failed: [] as { seed: number; wrongs: readonly string[]; trace: readonly string[] }[],
};
for (let seed = Number(from); seed < Number(to); seed++) {
  const around = { phone, desktop, steady, root, watch: (next: () => boolean) => void (busy = next) };
  const { wrongs, trace, tasks, injected } = await runSeed(seed, around);
  found.runs += 1;
  found.tasks += tasks;
  found.injected += injected;
  if (wrongs.length > 0) found.failed.push({ seed, wrongs, trace });
  if (verbose) console.error([`seed ${seed}`, ...trace, ...wrongs].join('\n'));
}
process.stdout.write(`${JSON.stringify(found)}\n`);
