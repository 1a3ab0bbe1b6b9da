const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: ' ', '#39': "'" };

const decode = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|nbsp|#39);/g, (whole, name: string) => ENTITIES[name] ?? whole);

const MARKS = new Map([
  ['strong', '**'],
  ['em', '*'],
]);

/** Where the writing stands: open lists with their counters (null: bullets), and whether inside a table cell. */
interface State {
  /** In pieces: to look at the end of one growing string, it would be copied each time. */
  readonly out: string[];
  readonly lists: (number | null)[];
  inCell: boolean;
}

const write = (state: State, text: string): void => {
  if (text !== '') state.out.push(text);
};

function trimEnd({ out }: State): void {
  let last = out.pop()?.trimEnd();
  while (last === '') last = out.pop()?.trimEnd();
  if (last !== undefined) out.push(last);
}

const lineBreak = (state: State): void => {
  if (state.inCell) write(state, ' ');
  else if (state.out.at(-1)?.endsWith('\n') !== true) write(state, '\n');
};

/** Lists in lists are set further in, as far as anybody reads them. */
const DEEPEST = 20;

function bullet(state: State): void {
  lineBreak(state);
  const depth = state.lists.length - 1;
  const count = state.lists[depth] ?? null;
  if (count !== null) state.lists[depth] = count + 1;
  const indent = '   '.repeat(Math.min(DEEPEST, Math.max(0, depth)));
  write(state, `${indent}${count === null ? '-' : `${count}.`} `);
}

function endList(state: State): void {
  state.lists.pop();
  lineBreak(state);
  if (state.lists.length === 0) write(state, '\n');
}

const opening: Readonly<Record<string, (state: State) => void>> = {
  ul: (state) => void state.lists.push(null),
  ol: (state) => void state.lists.push(1),
  li: bullet,
  tr: (state) => {
    lineBreak(state);
    write(state, '|');
  },
  td: (state) => {
    state.inCell = true;
    write(state, ' ');
  },
  br: lineBreak,
};

const closing: Readonly<Record<string, (state: State) => void>> = {
  ul: endList,
  ol: endList,
  li: lineBreak,
  td: (state) => {
    state.inCell = false;
    trimEnd(state);
    write(state, ' |');
  },
  p: (state) => {
    lineBreak(state);
    if (!state.inCell) write(state, '\n');
  },
  table: (state) => write(state, '\n\n'),
};

const heading = (tag: string): number => Number(/^h([1-6])$/.exec(tag)?.[1] ?? 0);

function enter(state: State, tag: string): void {
  const level = heading(tag);
  if (level > 0) {
    lineBreak(state);
    write(state, `\n${'#'.repeat(level)} `);
  }
  write(state, MARKS.get(tag) ?? '');
  opening[tag === 'th' ? 'td' : tag]?.(state);
}

function leave(state: State, tag: string): void {
  write(state, MARKS.get(tag) ?? '');
  if (heading(tag) > 0) write(state, '\n\n');
  closing[tag === 'th' ? 'td' : tag]?.(state);
}

/** Turns the plain HTML that mammoth makes into Markdown. Not a parser for other people's HTML. */
export function htmlToMarkdown(html: string): string {
  const state: State = { out: [], lists: [], inCell: false };
  for (const [, close, tag, text] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)[^<>]*>|([^<]+)/g)) {
    if (text !== undefined) write(state, decode(text));
    else if (tag !== undefined) (close === '/' ? leave : enter)(state, tag);
  }
  return state.out
    .join('')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
