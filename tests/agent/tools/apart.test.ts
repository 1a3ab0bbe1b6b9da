import { afterEach, beforeEach, expect, test } from 'bun:test';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnApart } from '../../../agent/tools/apart/spawn-apart.ts';

/* The program that opens documents, when it says what it should not: whoever made the document may be speaking. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'errand-apart-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Has a shell script in the program's place do a job. */
function jobFor(script: string): Promise<string> {
  const program = join(folder, 'program');
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o700);
  const apart = spawnApart({ bun: program, env: {}, limits: { ms: 20_000, bytes: 100_000_000 } });
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    yield new Uint8Array([1]);
  };
  return apart({ do: 'read-pdf', path: '/a.pdf' }, { size: 1, chunks: chunks() }, new AbortController().signal);
}

const DONE = '{"is":"done","text":"two pages","reusable":false}';

test('what a library prints is no answer, and the answer that follows is taken', async () => {
  expect(await jobFor(`echo 'Warning: odd font'; echo '{"is":"odd"}'; echo '${DONE}'; cat >/dev/null`)).toBe(
    'two pages',
  );
});

test('a program that is ended in the middle of its answer failed, and nothing else does', async () => {
  await expect(jobFor(`printf '{"is":"done","te'; kill -9 $$`)).rejects.toThrow(
    '/a.pdf is too large or too complicated',
  );
  await expect(jobFor(`printf '{"is":"done","te'; exit 3`)).rejects.toThrow('it ended with 3');
});
