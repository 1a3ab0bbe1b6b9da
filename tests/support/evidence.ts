import { appendFileSync } from 'node:fs';
import { test } from 'bun:test';

/** What a test has shown, as figures. The whole run's figures, added up, are the table in the README. */
export type Evidence =
  | { readonly is: 'attacks'; readonly on: string; readonly tried: number; readonly succeeded: number }
  | { readonly is: 'mutants'; readonly of: string; readonly made: number; readonly killed: number }
  | {
      readonly is: 'faults';
      /** which run, in the words of the README */
      readonly run: string;
      readonly tasks: number;
      readonly injected: number;
      readonly lost: number;
      /** steps of class `once` that had their effect more than once */
      readonly repeated: number;
    };

/** Kept only in a run of all tests, which names the file to keep it in. */
export function record(evidence: Evidence): void {
  const file = process.env['ERRAND_EVIDENCE'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(evidence)}\n`);
}

/** A test of which each run is one attack: it passes when the attack was rejected. `on` is its class in the README's table. */
export function attack(on: string, sentence: string, rejected: () => Promise<void> | void): void {
  test(sentence, async () => {
    let succeeded = 1;
    try {
      await rejected();
      succeeded = 0;
    } finally {
      record({ is: 'attacks', on, tried: 1, succeeded });
    }
  });
}
