import { foldHard } from './names.ts';

/** One name of a pattern: what it matches, or any number of folders (`**`). */
export type Pattern = readonly (RegExp | '**')[];

/** `*` and `?` stay inside one name. */
export const namePattern = (glob: string): RegExp =>
  new RegExp(
    `^${foldHard(glob)
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    'u',
  );

export const pathPattern = (glob: string): Pattern =>
  glob
    .split('/')
    .filter((part) => part !== '')
    .map((part) => (part === '**' ? part : namePattern(part)));

/** Whether the pattern names this path or a folder above it. `parts` are folded. */
export function covers(pattern: Pattern, parts: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return true;
  const [name, ...below] = parts;
  if (first === '**') return covers(rest, parts) || (name !== undefined && covers(pattern, below));
  return name !== undefined && first.test(name) && covers(rest, below);
}
