import type { Brief } from '../model.ts';
import { pathsFound } from './gather.ts';
import type { Plan } from './plan.ts';
import { sourcesOf } from './wish.ts';

const SHOWN = 30;

/** Files by words in their names. */
export function* search(brief: Brief, wish: { words: string; extension: string | undefined }): Plan {
  const { words, extension } = wish;
  const found: string[] = [];
  const problems: string[] = [];
  for (const folder of sourcesOf(brief)) {
    const input = { folder, ...(words !== '' && { words }), ...(extension !== undefined && { extension }) };
    const heard = yield { tool: 'find', input };
    if (heard.ok) found.push(...pathsFound(heard.text));
    else problems.push(heard.text);
  }
  const text = [headline(found.length, wish), ...found.slice(0, SHOWN).map((path) => `- ${path}`), ...problems].join(
    '\n',
  );
  // Nothing found where one could look is an answer; where nobody could look, it is none.
  return { ok: found.length > 0 || problems.length === 0, text };
}

function headline(count: number, { words, extension }: { words: string; extension: string | undefined }): string {
  const named = words === '' ? '' : ` with “${words}” in the name`;
  const ending = extension === undefined ? '' : ` ending in .${extension}`;
  if (count === 0) return `I found no files${named}${ending}.`;
  return `${count} files${named}${ending}${count > SHOWN ? `, the first ${SHOWN}` : ''}:`;
}
