import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'bun:test';
import { record } from './evidence.ts';

/** One text of one source file, which must stand there exactly once, and what stands in its place. */
export interface Edit {
  readonly file: string;
  readonly without: string;
  readonly instead?: string;
}

/** The program without one of its checks, and the attack that then gets through: its test's file and sentence. */
export interface Mutant extends Edit {
  readonly check: string;
  /** Where two checks stop the same attack, the mutant lacks both. */
  readonly also?: readonly Edit[];
  readonly attack: readonly [file: string, sentence: string];
}

export const EDITS_ENV = 'ERRAND_MUTANT';

const root = join(import.meta.dir, '..', '..');

type Environment = Readonly<Record<string, string>>;

interface Ran {
  readonly said: string;
  readonly passed: number;
  readonly failed: readonly string[];
}

/** Runs the tests of these sentences with these edits made to the program. */
async function run(
  file: string,
  sentences: readonly string[],
  { edits, env: more = {} }: { edits: readonly Edit[]; env?: Environment | undefined },
): Promise<Ran> {
  const { ERRAND_EVIDENCE: _none, ...env } = process.env;
  const pattern = `(^|> | )(${sentences.map((sentence) => RegExp.escape(sentence)).join('|')})$`;
  const child = Bun.spawn(
    [
      process.execPath,
      'test',
      '--timeout=120000',
      '--preload',
      './tests/support/mutate.ts',
      `./${file}`,
      '-t',
      pattern,
    ],
    { cwd: root, env: { ...env, ...more, [EDITS_ENV]: JSON.stringify(edits) }, stdout: 'pipe', stderr: 'pipe' },
  );
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  const said = out + err;
  return {
    said,
    passed: Number(/^ *(\d+) pass$/m.exec(said)?.[1] ?? 0),
    failed: [...said.matchAll(/^\(fail\) (.+?)(?: \[[\d.]+m?s\])?$/gm)].map(([, name = '']) => name),
  };
}

const editsOf = ({ file, without, instead = '', also = [] }: Mutant): readonly Edit[] => [
  { file, without, instead },
  ...also,
];

function mustStandOnce({ file, without }: Edit): void {
  const times = readFileSync(join(root, file), 'utf8').split(without).length - 1;
  if (times !== 1) throw new Error(`${file} has ${times} times, not once: ${without}`);
}

/**
 * Tests that each mutant is noticed: by the very attack that its check is there for, and by an expectation of that test that does
 * not hold, not by a program that broke. `of` is the row in the README's table.
 */
export function mutants(
  of: string,
  all: readonly Mutant[],
  /** What the tests find in their environment besides. */
  environment: () => Promise<Environment> = async () => ({}),
): void {
  describe(of, () => {
    let env: Environment = {};
    beforeAll(async () => {
      env = await environment();
    }, 120_000);
    for (const file of new Set(all.map(({ attack }) => attack[0]))) {
      const sentences = [...new Set(all.flatMap(({ attack }) => (attack[0] === file ? [attack[1]] : [])))];
      test(`${file}: the whole program stands the attacks`, async () => {
        const { passed, failed, said } = await run(file, sentences, { edits: [], env });
        expect({ passed, failed }, said).toEqual({ passed: sentences.length, failed: [] });
      });
    }
    for (const mutant of all) {
      const [file, sentence] = mutant.attack;
      test(`without its check that ${mutant.check}, the program falls to: ${sentence}`, async () => {
        editsOf(mutant).forEach(mustStandOnce);
        const { passed, failed, said } = await run(file, [sentence], { edits: editsOf(mutant), env });
        const noticed = passed === 0 && failed.length === 1 && failed[0]?.endsWith(sentence) === true;
        const killed = noticed && /^error:.*\bexpect|^Expected/ms.test(said);
        record({ is: 'mutants', of, made: 1, killed: Number(killed) });
        expect(killed, said).toBe(true);
      });
    }
  });
}
