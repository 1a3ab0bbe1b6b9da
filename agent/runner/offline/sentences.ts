/** A sentence and where it stands. */
export interface Sentence {
  readonly text: string;
  readonly page: number;
  readonly score: number;
}

interface Page {
  readonly number: number;
  readonly text: string;
}

const PER_PAGE = 2;
const PER_FILE = 12;
const SHORTEST = 25;
const LONGEST = 400;
/** What a reader looks for in a report: figures, money, dates, and the words around decisions. */
const SIGNS: readonly (readonly [RegExp, number])[] = [
  [/[€$£¥%]|\b(EUR|USD|GBP|CHF)\b/, 2],
  [/\b(19|20)\d\d\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b/, 2],
  [/\d/, 2],
  [
    /\b(total|sum|due|deadline|decided|agreed|must|required|important|result|conclusion|expires?|ends?|begins?|cost|price)\b/i,
    1,
  ],
  [/\b(insgesamt|Summe|fällig|Frist|beschlossen|muss|wichtig|Ergebnis|endet|beginnt|Kosten|Preis)\b/i, 1],
];

const segmenter = new Intl.Segmenter(undefined, { granularity: 'sentence' });

/** Lines of a page are wrapped where the paper ended: joined again, with words that were split at a hyphen. */
const flow = (text: string): string => text.replace(/(\p{Ll})-\n(\p{Ll})/gu, '$1$2').replace(/\s+/g, ' ');

/** A sentence becomes a point of its own: it does not keep the mark of a list it stood in. */
const unmarked = (sentence: string): string => sentence.trim().replace(/^[•‣▪◦*–-]\s+/u, '');

function sentencesOf({ number, text }: Page): { text: string; page: number }[] {
  return [...segmenter.segment(flow(text))]
    .map(({ segment }) => ({ text: unmarked(segment), page: number }))
    .filter(({ text: each }) => each.length >= SHORTEST && each.length <= LONGEST && /\p{L}{3}/u.test(each));
}

const scoreOf = (text: string): number => SIGNS.reduce((sum, [sign, worth]) => sum + (sign.test(text) ? worth : 0), 0);

/**
 * Picks the sentences of a document that say most, in their order: the best of every page, because a fact stands on one page only.
 * Sentences that several pages repeat are headers and footers.
 */
export function keySentences(pages: readonly Page[]): Sentence[] {
  const all = pages.flatMap(sentencesOf);
  const count = new Map<string, number>();
  for (const { text } of all) count.set(text, (count.get(text) ?? 0) + 1);
  const unique = all
    .filter(({ text }) => count.get(text) === 1)
    .map((each) => ({ ...each, score: scoreOf(each.text) }));
  const best = pages.flatMap(({ number }) =>
    topOf(
      unique.filter(({ page }) => page === number),
      PER_PAGE,
    ),
  );
  const kept = new Set(topOf(best, PER_FILE));
  return unique.filter((each) => kept.has(each));
}

const topOf = (sentences: readonly Sentence[], max: number): Sentence[] =>
  sentences.toSorted((a, b) => b.score - a.score).slice(0, max);

/** The better half of some lines, in their order; at least one. */
export function betterHalf(lines: readonly string[]): string[] {
  const ranked = lines.toSorted(
    (a, b) => scoreOf(b.replace(/\[[^\]]*\]/g, '')) - scoreOf(a.replace(/\[[^\]]*\]/g, '')),
  );
  const kept = new Set(ranked.slice(0, Math.max(1, Math.ceil(lines.length / 2))));
  return lines.filter((line) => kept.has(line));
}
