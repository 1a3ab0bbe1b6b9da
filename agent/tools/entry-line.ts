import type { Entry } from '../policy/opened.ts';
import { sizeOf } from './result.ts';

const day = (milliseconds: number): string => new Date(milliseconds).toISOString().slice(0, 10);

/** One entry as the model sees it. The name is quoted as JSON: names are written by others and may hold anything. */
export function entryLine({ name, kind, size, modified }: Entry): string {
  const about = kind === 'file' ? `${sizeOf(size)}, changed ${day(modified)}` : kind;
  return `- ${JSON.stringify(name)} (${about})`;
}
