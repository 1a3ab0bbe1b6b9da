const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: ' ', '#39': "'" };

const decode = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|nbsp|#39);/g, (whole, name: string) => ENTITIES[name] ?? whole);

const MARKS = new Map([
  ['strong', '**'],
  ['em', '*'],
]);

/** Where the writing stands: open lists with their counters (null: bullets), and whether inside a table cell. */
interface State {
  out: string;
  readonly lists: (number | null)[];
  inCell: boolean;
}

const lineBreak = (state: State): void => {
  if (state.inCell) state.out += ' ';
  else if (!state.out.endsWith('\n')) state.out += '\n';
};

function bullet(state: State): void {
  lineBreak(state);
  const depth = state.lists.length - 1;
  const count = state.lists[depth] ?? null;
  if (count !== null) state.lists[depth] = count + 1;
  state.out += `${'   '.repeat(Math.max(0, depth))}${count === null ? '-' : `${count}.`} `;
}

function endList(state: State): void {
  state.lists.pop();
  lineBreak(state);
  if (state.lists.length === 0) state.out += '\n';
}

const opening: Readonly<Record<string, (state: State) => void>> = {
  ul: (state) => void state.lists.push(null),
  ol: (state) => void state.lists.push(1),
  li: bullet,
  tr: (state) => {
    lineBreak(state);
    state.out += '|';
  },
  td: (state) => {
    state.inCell = true;
    state.out += ' ';
  },
  br: lineBreak,
};

const closing: Readonly<Record<string, (state: State) => void>> = {
  ul: endList,
  ol: endList,
  li: lineBreak,
  td: (state) => {
    state.inCell = false;
    state.out = `${state.out.trimEnd()} |`;
  },
  p: (state) => {
    lineBreak(state);
    if (!state.inCell) state.out += '\n';
  },
  table: (state) => void (state.out += '\n\n'),
};

const heading = (tag: string): number => Number(/^h([1-6])$/.exec(tag)?.[1] ?? 0);

function enter(state: State, tag: string): void {
  const level = heading(tag);
  if (level > 0) {
    lineBreak(state);
    state.out += `\n${'#'.repeat(level)} `;
  }
  state.out += MARKS.get(tag) ?? '';
  opening[tag === 'th' ? 'td' : tag]?.(state);
}

function leave(state: State, tag: string): void {
  state.out += MARKS.get(tag) ?? '';
  if (heading(tag) > 0) state.out += '\n\n';
  closing[tag === 'th' ? 'td' : tag]?.(state);
}

/** Turns the plain HTML that mammoth makes into Markdown. Not a parser for other people's HTML. */
export function htmlToMarkdown(html: string): string {
  const state: State = { out: '', lists: [], inCell: false };
  for (const [, close, tag, text] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>|([^<]+)/g)) {
    if (text !== undefined) state.out += decode(text);
    else if (tag !== undefined) (close === '/' ? leave : enter)(state, tag);
  }
  return state.out.replace(/\n{3,}/g, '\n\n').trim();
}
