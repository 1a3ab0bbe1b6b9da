import * as z from 'zod/mini';
import type { Brief } from '../model.ts';
import type { Plan } from './plan.ts';
import { endingOf, sourcesOf } from './wish.ts';

const ENTRY = /^- ("(?:[^"\\]|\\.)*") /;
const FOLDER = /^\d+ files found in (.+?)(?:; .*)?\. Names are relative to that folder\.$/;
const nameSchema = z.string();

/** The full paths in an answer of the tool `find`. */
export function pathsFound(text: string): string[] {
  const [head = '', ...lines] = text.split('\n');
  const folder = FOLDER.exec(head)?.[1];
  if (folder === undefined) return [];
  return lines.flatMap((line) => {
    const quoted = ENTRY.exec(line)?.[1];
    return quoted === undefined ? [] : [`${folder}/${nameSchema.parse(JSON.parse(quoted))}`];
  });
}

interface Gathered {
  readonly files: readonly string[];
  /** What could not be looked into, and why. */
  readonly problems: readonly string[];
}

/** All files with one of these endings in what the task may read. */
export function* gather(brief: Brief, endings: readonly string[]): Plan<Gathered> {
  const files: string[] = [];
  const problems: string[] = [];
  for (const source of sourcesOf(brief)) {
    if (endingOf(source) !== '') {
      if (endings.includes(endingOf(source))) files.push(source);
      continue;
    }
    for (const extension of endings) {
      const heard = yield { tool: 'find', input: { folder: source, extension } };
      if (heard.ok) files.push(...pathsFound(heard.text));
      else problems.push(heard.text);
    }
  }
  return { files: [...new Set(files)], problems };
}
