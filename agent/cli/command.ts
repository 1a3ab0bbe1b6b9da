import type { Readable } from 'node:stream';
import { parseArgs } from 'node:util';

/** What a command finds around it. Only `agent/main.ts` builds one. */
export type Desk = {
  /** the folder of this checkout */
  root: string;
  /** everything Errand keeps, 0700 */
  data: string;
  home: string;
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  platform: string;
  hostname: string;
  /** the pinned Bun */
  bun: string;
  input: Terminal;
  /** one line, or several, for the person */
  say: (text: string) => void;
  fetch: (url: string, init?: RequestInit) => Promise<Response>;
  /** `process.kill`: throws when there is no such process. */
  signal: (pid: number, signal: NodeJS.Signals | 0) => void;
  /** The first Ctrl-C, hang-up or request to end. */
  interrupted: Promise<void>;
};

type Terminal = Readable & { isTTY?: boolean; setRawMode?: (raw: boolean) => unknown };

/** Answers the exit code. What can be expected to go wrong is thrown as a {@link DeskError}. */
export type Command = (desk: Desk, args: readonly string[]) => Promise<number>;

/** For a command without any: a mistyped one is named instead of being passed over. */
export function takesNoArguments(args: readonly string[]): void {
  parseArgs({ args: [...args], options: {} });
}

/** What happened and what to do, in words for the person at the desk. Shown without a stack. */
export class DeskError extends Error {
  override readonly name = 'DeskError';
}
