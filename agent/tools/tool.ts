import type * as z from 'zod/mini';
import type { Intent } from '../policy/intent.ts';
import type { Opened } from '../policy/opened.ts';
import type { Taint } from '../policy/taint.ts';
import type { Apart } from './apart/job.ts';

/** How a step may be repeated after a crash: freely, with the same result, or never by itself. */
export type StepClass = 'pure' | 'idem' | 'once';

export interface Command {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly signal: AbortSignal;
}

/** How a program ended. `tail` is the end of what it printed, both streams as they came. */
export type CommandEnd =
  | { readonly ended: 'exit'; readonly code: number; readonly tail: string }
  | { readonly ended: 'killed' | 'not started'; readonly tail: string };

export interface ToolContext {
  readonly signal: AbortSignal;
  readonly home: string;
  /** Unix milliseconds. */
  readonly clock: () => number;
  /** Must not throw. */
  readonly run: (command: Command) => Promise<CommandEnd>;
  readonly apart: Apart;
}

export interface ToolRun {
  /** What the model reads. It names its source. */
  readonly content: string;
  readonly failed: boolean;
  /** Of what was really read; the gate's verdict already holds the bits of what was opened. */
  readonly taint: Taint;
  readonly title?: string;
  /** Real paths of the files this step made: results for the phone. */
  readonly files?: readonly string[];
}

export interface Tool<Input = unknown> {
  readonly name: string;
  readonly description: string;
  readonly class: StepClass;
  readonly input: z.ZodMiniType<Input>;
  /** "Read invoice.pdf, pages 1-3": shown on the phone. */
  title(input: Input): string;
  /**
   * What the step would do. Touches no disk, and gives the same bytes for the same input every time: an approval is for bytes.
   * Rejects with ToolError for an input that nothing can be made of, or with the signal's reason.
   */
  intents(input: Input, context: ToolContext): Promise<readonly Intent[]>;
  /** Gets what the gate opened, in the order of the intents. Must not throw: a failure is a run that says what to do. Honours `signal`. */
  run(input: Input, opened: readonly Opened[], context: ToolContext): Promise<ToolRun>;
}
