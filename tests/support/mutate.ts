import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EDITS_ENV, type Edit } from './mutant.ts';

/* Preloaded into a run of tests: the program they load is changed on its way from the disk. */

const root = join(import.meta.dir, '..', '..');
const edits = JSON.parse(process.env[EDITS_ENV] ?? '[]') as readonly Edit[];

for (const file of new Set(edits.map((edit) => edit.file))) {
  const path = join(root, file);
  Bun.plugin({
    name: `mutant of ${file}`,
    setup: (build) =>
      void build.onLoad({ filter: new RegExp(`${RegExp.escape(path)}$`) }, () => ({
        contents: edits
          .filter((edit) => edit.file === file)
          .reduce(
            (text, { without, instead = '' }) => text.replace(without, () => instead),
            readFileSync(path, 'utf8'),
          ),
        loader: 'ts',
      })),
  });
}
