/** Of an answer's Markdown, what helps reading on a small screen. Everything stays text: nothing in it can become markup or a link. */
export type Block =
  | { readonly is: 'heading'; readonly text: string }
  | { readonly is: 'item'; readonly mark: string; readonly text: string }
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'code'; readonly text: string };

export interface Run {
  readonly style: 'plain' | 'strong' | 'code';
  readonly text: string;
}

const HEADING = /^#{1,6} +(.+)$/;
const ITEM = /^ *(?:[-*•]|(\d+[.)])) +(.+)$/;
const FENCE = /^ *```/;
const RUN = /(\*\*[^*\n]+\*\*|`[^`\n]+`)/;

/** The block that a line begins; undefined for a line that goes on. */
function begins(line: string): Block | undefined {
  const heading = HEADING.exec(line)?.[1];
  if (heading !== undefined) return { is: 'heading', text: heading };
  const [, number, item] = ITEM.exec(line) ?? [];
  return item === undefined ? undefined : { is: 'item', mark: number ?? '•', text: item };
}

const goesOn = (last: Block | undefined): last is Block => last?.is === 'text' || last?.is === 'item';

function proseBlocks(lines: readonly string[]): Block[] {
  const blocks: Block[] = [];
  let open = false;
  for (const line of lines) {
    const last = blocks.at(-1);
    const block = begins(line);
    if (block) blocks.push(block);
    else if (line.trim() !== '' && open && goesOn(last))
      blocks.splice(-1, 1, { ...last, text: `${last.text}\n${line}` });
    else if (line.trim() !== '') blocks.push({ is: 'text', text: line });
    open = line.trim() !== '';
  }
  return blocks;
}

export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let part: string[] = [];
  let code = false;
  const close = (): void => {
    if (code) blocks.push({ is: 'code', text: part.join('\n') });
    else blocks.push(...proseBlocks(part));
    part = [];
  };
  for (const line of markdown.split('\n')) {
    if (!FENCE.test(line)) part.push(line);
    else {
      close();
      code = !code;
    }
  }
  close();
  return blocks;
}

export const runsOf = (text: string): Run[] =>
  text
    .split(RUN)
    .filter((part) => part !== '')
    .map((part) => {
      if (part.length > 4 && part.startsWith('**') && part.endsWith('**'))
        return { style: 'strong', text: part.slice(2, -2) };
      if (part.length > 2 && part.startsWith('`') && part.endsWith('`'))
        return { style: 'code', text: part.slice(1, -1) };
      return { style: 'plain', text: part };
    });
