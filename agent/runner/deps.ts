import type { Desk } from '../policy/surroundings.ts';
import type { Rules } from '../policy/rules.ts';
import type { Tool, ToolContext } from '../tools/tool.ts';
import type { Journal } from '../journal/journal.ts';
import type { FailpointHook } from './failpoint.ts';
import type { Model } from './model.ts';

/** Bytes that do not fit into a message travel as sealed parts at the relay. Both reject while the network is away. */
export interface Parts {
  readonly put: (sealed: Uint8Array<ArrayBuffer>) => Promise<string>;
  readonly get: (id: string) => Promise<Uint8Array<ArrayBuffer>>;
}

/** Tries to reach a relay that does not answer for large files, and the pause between them. */
export const PART_TRIES = 24;
export const PART_PAUSE_MS = 5000;

/** All that running a task needs. Built by the entry file. */
export interface RunnerDeps {
  readonly journal: Journal;
  readonly model: () => Model;
  readonly tools: readonly Tool[];
  readonly rules: () => Rules;
  readonly desk: Omit<Desk, 'keepBefore'>;
  readonly runCommand: ToolContext['run'];
  readonly apart: ToolContext['apart'];
  readonly parts: Parts;
  readonly failpoint: FailpointHook;
  /** Resolves after the time; rejects with the signal's reason when aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}
