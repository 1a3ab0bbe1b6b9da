import type { MarkedToken, Token, Tokens } from 'marked';

/** A stretch of text in one look. */
export interface Run {
  readonly text: string;
  readonly bold: boolean;
  readonly italic: boolean;
  readonly code: boolean;
}

export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly runs: readonly Run[] }
  | { readonly kind: 'paragraph'; readonly runs: readonly Run[] }
  /** `list` tells the numbered lists of a document apart; null is a bullet. */
  | { readonly kind: 'item'; readonly depth: number; readonly list: number | null; readonly runs: readonly Run[] }
  | { readonly kind: 'table'; readonly rows: readonly (readonly (readonly Run[])[])[] }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'quote'; readonly runs: readonly Run[] }
  | { readonly kind: 'rule' };

type Look = Omit<Run, 'text'>;
const PLAIN: Look = { bold: false, italic: false, code: false };

/** marked's own union also holds any other object; this narrows to the tokens it documents. */
// oxlint-disable-next-line typescript/consistent-type-assertions -- Token includes Tokens.Generic, which defeats narrowing
const known = (token: Token): MarkedToken => token as MarkedToken;

const inline = (tokens: readonly Token[] | undefined, look: Look): readonly Run[] =>
  (tokens ?? []).flatMap((token) => runsOf(known(token), look));

function runsOf(token: MarkedToken, look: Look): readonly Run[] {
  if (token.type === 'strong') return inline(token.tokens, { ...look, bold: true });
  if (token.type === 'em') return inline(token.tokens, { ...look, italic: true });
  if (token.type === 'codespan') return [{ ...look, text: token.text, code: true }];
  if (token.type === 'br') return [{ ...look, text: '\n' }];
  if (token.type === 'link') return [...inline(token.tokens, look), ...address(token, look)];
  if (token.type === 'text' && token.tokens !== undefined) return inline(token.tokens, look);
  return 'text' in token ? [{ ...look, text: token.text }] : [];
}

/** A link's address is written out: a reader sees where it goes, and nothing leads anywhere by a click. */
const address = ({ text, href }: Tokens.Link, look: Look): readonly Run[] =>
  text === href ? [] : [{ ...look, text: ` (${href})` }];

class Lists {
  private numbered = 0;

  blocksOf(list: Tokens.List, depth: number): readonly Block[] {
    const number = list.ordered ? this.numbered++ : null;
    return list.items.flatMap((item) => this.itemBlocks(item, { depth, number }));
  }

  private itemBlocks(item: Tokens.ListItem, at: { depth: number; number: number | null }): readonly Block[] {
    const own = item.tokens.filter((token) => token.type !== 'list' && token.type !== 'space');
    const runs = own.flatMap((token, index): readonly Run[] => [
      ...(index > 0 && token.type === 'paragraph' ? [{ ...PLAIN, text: '\n' }] : []),
      ...(token.type === 'checkbox' ? [{ ...PLAIN, text: item.checked === true ? '☑ ' : '☐ ' }] : inlineOf(token)),
    ]);
    const inner = item.tokens
      .map(known)
      .flatMap((token) => (token.type === 'list' ? this.blocksOf(token, at.depth + 1) : []));
    return [{ kind: 'item', depth: at.depth, list: at.number, runs }, ...inner];
  }
}

const inlineOf = (token: Token): readonly Run[] => inline([token], PLAIN);

const rowsOf = ({ header, rows }: Tokens.Table) =>
  [header, ...rows].map((row) => row.map((cell) => inline(cell.tokens, PLAIN)));

function blockOf(token: MarkedToken, lists: Lists): readonly Block[] {
  if (token.type === 'space' || token.type === 'def') return [];
  if (token.type === 'heading') return [{ kind: 'heading', level: token.depth, runs: inline(token.tokens, PLAIN) }];
  if (token.type === 'list') return lists.blocksOf(token, 0);
  if (token.type === 'table') return [{ kind: 'table', rows: rowsOf(token) }];
  if (token.type === 'code') return [{ kind: 'code', text: token.text }];
  if (token.type === 'hr') return [{ kind: 'rule' }];
  if (token.type !== 'blockquote') return [{ kind: 'paragraph', runs: contentOf(token) }];
  return token.tokens.filter((each) => each.type !== 'space').map((each) => ({ kind: 'quote', runs: contentOf(each) }));
}

const contentOf = (token: Token): readonly Run[] =>
  'tokens' in token && token.tokens !== undefined ? inline(token.tokens, PLAIN) : inlineOf(token);

/** The blocks of a Markdown text. HTML in it is plain text. Every text has a reading; nothing throws. */
export async function parseMarkdown(text: string): Promise<readonly Block[]> {
  const { marked } = await import('marked');
  const lists = new Lists();
  return marked.lexer(text).flatMap((token) => blockOf(known(token), lists));
}
