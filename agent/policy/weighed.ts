import type { Action } from '../../edge/protocol/ask.ts';
import type { Facts } from './decide.ts';
import type { Opened } from './opened.ts';
import type { Taint } from './taint.ts';

/** An intent as the disk and the rules have it. */
export type Weighed =
  /** Not a path at all. */
  | { readonly kind: 'bad'; readonly why: string }
  /** Cannot be done whatever is decided; `why` is told only if it is not denied. */
  | { readonly kind: 'blocked'; readonly facts: Facts; readonly subject: string; readonly why: string }
  | {
      readonly kind: 'ready';
      readonly facts: Facts;
      readonly act: Action['act'];
      /** For people: the path or script this is about. */
      readonly subject: string;
      /** What the task takes on by doing it. */
      readonly taint: Taint;
      open(): Opened;
      close(): Promise<void>;
    };
