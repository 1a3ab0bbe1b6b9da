import { addTaint, CLEAN, type Taint } from '../policy/taint.ts';
import type { Opened, OpenedFile, OpenedFolder } from '../policy/opened.ts';
import type { ToolRun } from './tool.ts';

export const told = (content: string, taint: Taint): ToolRun => ({ content, failed: false, taint });

/** `content` says what to do about it. */
export const failed = (content: string, taint: Taint = CLEAN): ToolRun => ({ content, failed: true, taint });

/** What a tool answers the model when it meets something it knows how to explain. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
}

/** Turns everything thrown into a failed run that carries the bits of what was opened. */
export async function safely(
  opened: readonly Opened[],
  signal: AbortSignal,
  work: () => Promise<ToolRun>,
): Promise<ToolRun> {
  const taint = addTaint(...opened.map((each) => each.taint));
  try {
    signal.throwIfAborted();
    return await work();
  } catch (error) {
    if (signal.aborted) return failed('The step was stopped.', taint);
    if (error instanceof ToolError) return failed(error.message, taint);
    return failed(`It did not work: ${error instanceof Error ? error.message : 'unknown reason'}`, taint);
  }
}

export function openedFile([first]: readonly Opened[], maxBytes: number): OpenedFile {
  if (first?.sink !== 'read') throw new ToolError('Nothing was opened.');
  if (first.kind === 'folder')
    throw new ToolError(`${first.path} is a folder. Use list or find, then read a file in it.`);
  if (first.size > maxBytes) {
    throw new ToolError(`${first.path} is too large to read (${sizeOf(first.size)}; at most ${sizeOf(maxBytes)}).`);
  }
  return first;
}

export function openedFolder([first]: readonly Opened[]): OpenedFolder {
  if (first?.sink !== 'read') throw new ToolError('Nothing was opened.');
  if (first.kind === 'file') throw new ToolError(`${first.path} is a file, not a folder. Read it instead.`);
  return first;
}

export function sizeOf(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${Math.round(bytes / 100_000) / 10} MB`;
}
