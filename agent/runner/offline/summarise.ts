import type { Brief } from '../model.ts';
import { deliver } from './deliver.ts';
import { gather } from './gather.ts';
import type { Plan } from './plan.ts';
import { keySentences, type Sentence } from './sentences.ts';
import { lastName, targetOf } from './wish.ts';

const MAX_FILES = 25;
/** Key sentences of each file that the answer on the phone shows; the file has all. */
const SHOWN = 3;

interface Section {
  readonly name: string;
  readonly sentences: readonly Sentence[];
  readonly problem?: string;
}

const PAGE = /^\[page (\d+)\]$/m;

/** Pages in an answer of `read_pdf`. */
function pagesIn(text: string): { number: number; text: string }[] {
  const [, ...parts] = text.split(PAGE);
  return parts.flatMap((part, index) =>
    index % 2 === 0 ? [{ number: Number(part), text: parts[index + 1] ?? '' }] : [],
  );
}

const nextPage = (text: string): number | undefined => {
  const first = /; ask for more with first=(\d+)\):/.exec(text.split('\n', 1)[0] ?? '')?.[1];
  return first === undefined ? undefined : Number(first);
};

function* readFile(path: string): Plan<Section> {
  const name = lastName(path);
  const pages: { number: number; text: string }[] = [];
  let first: number | undefined;
  do {
    const heard = yield { tool: 'read_pdf', input: { path, ...(first !== undefined && { first }) } };
    if (!heard.ok) return { name, sentences: [], problem: heard.text };
    pages.push(...pagesIn(heard.text));
    first = nextPage(heard.text);
  } while (first !== undefined);
  return { name, sentences: keySentences(pages) };
}

const cited = (name: string, { text, page }: Sentence): string => `- ${text} [${name}, page ${page}]`;

const bodyOf = ({ name, sentences, problem }: Section, max: number): string => {
  if (problem !== undefined) return `- This file could not be read: ${problem}`;
  if (sentences.length === 0) return '- No text was found in it. It may be a scan.';
  const best = new Set(sentences.toSorted((a, b) => b.score - a.score).slice(0, max));
  return sentences
    .filter((sentence) => best.has(sentence))
    .map((sentence) => cited(name, sentence))
    .join('\n');
};

const documentOf = (sections: readonly Section[], max: number): string =>
  sections.map((section) => `## ${section.name}\n\n${bodyOf(section, max)}`).join('\n\n');

/** Key sentences of PDFs, word for word, each with its file and page. */
export function* summarise(brief: Brief): Plan {
  const { files, problems } = yield* gather(brief, ['pdf']);
  if (files.length === 0) return { ok: false, text: ['I found no PDFs to summarise.', ...problems].join('\n') };
  const sections: Section[] = [];
  for (const path of files.slice(0, MAX_FILES)) sections.push(yield* readFile(path));
  const left = files.length > MAX_FILES ? `Only the first ${MAX_FILES} of ${files.length} files were read.` : '';
  const delivered = yield* deliver(targetOf(brief), `# Summary\n\n${documentOf(sections, Infinity)}`);
  const head =
    `Key sentences of ${sections.length} ${sections.length === 1 ? 'PDF' : 'PDFs'}, picked by rules, word for word. ${delivered.text}`.trim();
  const text = [head, ...[left, ...problems].filter(Boolean), documentOf(sections, SHOWN)].join('\n\n');
  return { ok: delivered.ok, text };
}
