import type { Brief } from '../model.ts';
import { deliver } from './deliver.ts';
import type { Plan } from './plan.ts';
import { betterHalf } from './sentences.ts';
import { endingOf } from './wish.ts';

const READERS: Readonly<Record<string, string>> = { docx: 'read_docx', md: 'read_text', txt: 'read_text' };

const isPoint = (line: string): boolean => /^\s*[-*] /.test(line);

/** Keeps headings and the better half of the points under each. */
export function halve(markdown: string): string {
  const out: string[] = [];
  let points: string[] = [];
  const close = (): void => {
    if (points.length > 0) out.push(...betterHalf(points));
    points = [];
  };
  for (const line of markdown.split('\n')) {
    if (isPoint(line)) points.push(line);
    else if (line.trim() === '' && points.length > 0) continue;
    else {
      close();
      out.push(line.startsWith('#') ? `\n${line}\n` : line);
    }
  }
  close();
  return out
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** Halves the newest text this thread wrote, in its place; without a file, the newest answer. */
export function* shorten(brief: Brief): Plan {
  const path = brief.earlier.flatMap(({ files }) => files).findLast((file) => endingOf(file) in READERS);
  const newest = brief.earlier.at(-1)?.answer ?? '';
  if (path === undefined) return { ok: true, text: halve(newest) };
  const heard = yield { tool: READERS[endingOf(path)] ?? 'read_text', input: { path } };
  if (!heard.ok) return { ok: false, text: `The file of this thread could not be read: ${heard.text}` };
  const short = halve(heard.text.split('\n').slice(1).join('\n'));
  const delivered = yield* deliver(path, short);
  const head = `Half of the points, the ones with figures and dates first. ${delivered.text}`;
  return { ok: delivered.ok, text: `${head}\n\n${short}` };
}
