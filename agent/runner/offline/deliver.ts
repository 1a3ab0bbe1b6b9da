import type { Call, Plan } from './plan.ts';
import { endingOf } from './wish.ts';

/** The call that writes Markdown to a path, by its ending. */
const writeCall = (path: string, markdown: string): Call =>
  endingOf(path) === 'docx'
    ? { tool: 'write_docx', input: { path, markdown } }
    : { tool: 'write_text', input: { path, text: `${markdown}\n` } };

/** Writes the result where the owner wanted it, and says how that went. */
export function* deliver(path: string | undefined, markdown: string): Plan {
  if (path === undefined) return { ok: true, text: '' };
  const heard = yield writeCall(path, markdown);
  return heard.ok
    ? { ok: true, text: `It is in ${path}.` }
    : { ok: false, text: `It could not be written to ${path}: ${heard.text}` };
}
