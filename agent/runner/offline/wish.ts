import { grantsInWords } from '../../../edge/protocol/words.ts';
import type { Brief } from '../model.ts';

/** What a task asks for, as far as plain rules can tell. */
type Wish =
  | { readonly is: 'shorten' }
  | { readonly is: 'summarise' }
  | { readonly is: 'table' }
  | { readonly is: 'find'; readonly words: string; readonly extension: string | undefined }
  | { readonly is: 'unclear' };

const SHORTEN = /\b(short(er|en)|briefer|condense|cut (it|this) (down|in half)|kürzer|kürze)\b/i;
const SUMMARISE = /\b(summar(y|ise|ize|ies)|overview|digest|key (points|facts)|zusammenfass\w*|fasse)\b/i;
const TABLE = /\b(table|tabulate|spreadsheet|csv|tabelle)\b/i;
const FIND = /\b(?:find|search(?: for)?|look for|locate|where (?:is|are)|finde|suche|wo (?:ist|sind))\b\s*(.*)/i;
const FILLER =
  /\b(the|a|an|my|all|any|every|me|files?|documents?|named|called|with|about|in|from|on|of|for|please|folder|der|die|das|alle|meine?n?|dateien?)\b/gi;
const TYPES: readonly (readonly [RegExp, string])[] = [
  [/\bpdfs?\b/i, 'pdf'],
  [/\b(word|docx)\b/i, 'docx'],
  [/\bcsvs?\b/i, 'csv'],
  [/\b(excel|xlsx)\b/i, 'xlsx'],
];

export function wishOf({ text, earlier }: Brief): Wish {
  if (earlier.length > 0 && SHORTEN.test(text)) return { is: 'shorten' };
  if (SUMMARISE.test(text)) return { is: 'summarise' };
  const found = FIND.exec(text)?.[1];
  if (found !== undefined) return searchFor(found);
  return TABLE.test(text) ? { is: 'table' } : { is: 'unclear' };
}

function searchFor(said: string): Wish {
  const type = TYPES.find(([pattern]) => pattern.test(said));
  const words = said
    .replace(/["'`]?(?:~|\/|[A-Za-z]:\\)[^\s"'`,;]*["'`]?/g, ' ')
    .replace(type?.[0] ?? /$^/, ' ')
    .replace(FILLER, ' ')
    .replace(/[^\p{L}\p{N}._-]+/gu, ' ')
    .trim();
  return { is: 'find', words, extension: type?.[1] };
}

/** Where to read: what was granted, named or attached; else the folders this desktop may read. */
export function sourcesOf(brief: Brief): readonly string[] {
  const named = [...brief.grants, ...grantsInWords(brief.text)].flatMap((grant) =>
    grant.do === 'read' ? [grant.path] : [],
  );
  const sources = [...new Set([...brief.attached, ...named])];
  return sources.length > 0 ? sources : brief.roots;
}

/** Where the result goes, when a file was named. */
export const targetOf = (brief: Brief): string | undefined =>
  [...brief.grants, ...grantsInWords(brief.text)].flatMap((grant) => (grant.do === 'write' ? [grant.path] : [])).at(0);

export const endingOf = (path: string): string => /\.([A-Za-z0-9]{1,5})$/.exec(path)?.[1]?.toLowerCase() ?? '';

export const lastName = (path: string): string => /([^/\\]+)[/\\]*$/.exec(path)?.[1] ?? path;
