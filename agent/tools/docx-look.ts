import type { Block } from './markdown.ts';

const DEPTHS = 6;
/** numId of the bullets; the numbered lists of a document have those that follow, each its own, or one would count on from another. */
const BULLETS = 1;
const NUMBERED = 2;

export function numberingOf({ depth, list }: Extract<Block, { kind: 'item' }>): string {
  const id = list === null ? BULLETS : NUMBERED + list;
  return `<w:numPr><w:ilvl w:val="${Math.min(depth, DEPTHS - 1)}"/><w:numId w:val="${id}"/></w:numPr>`;
}

const everyDepth = (of: (depth: number) => string): string =>
  Array.from({ length: DEPTHS }, (_, depth) => of(depth)).join('');

const kindOfList = (id: number, format: 'decimal' | 'bullet'): string =>
  `<w:abstractNum w:abstractNumId="${id}"><w:multiLevelType w:val="hybridMultilevel"/>${everyDepth(
    (depth) =>
      `<w:lvl w:ilvl="${depth}"><w:start w:val="1"/><w:numFmt w:val="${format}"/><w:lvlText w:val="${format === 'decimal' ? `%${depth + 1}.` : '•'}"/><w:lvlJc w:val="left"/><w:pPr><w:ind w:left="${480 * (depth + 1)}" w:hanging="300"/></w:pPr></w:lvl>`,
  )}</w:abstractNum>`;

const startsAnew = (depth: number): string =>
  `<w:lvlOverride w:ilvl="${depth}"><w:startOverride w:val="1"/></w:lvlOverride>`;

export function numberingXml(blocks: readonly Block[]): string {
  const lists = blocks.flatMap((block) => (block.kind === 'item' && block.list !== null ? [block.list] : []));
  const numbered = [...new Set(lists)].map(
    (list) => `<w:num w:numId="${NUMBERED + list}"><w:abstractNumId w:val="1"/>${everyDepth(startsAnew)}</w:num>`,
  );
  return `${kindOfList(0, 'bullet')}${kindOfList(1, 'decimal')}<w:num w:numId="${BULLETS}"><w:abstractNumId w:val="0"/></w:num>${numbered.join('')}`;
}

const size = (halfPoints: number): string => `<w:sz w:val="${halfPoints}"/><w:szCs w:val="${halfPoints}"/>`;
const BLUE = '<w:color w:val="2E74B5"/>';
const DARK = '<w:color w:val="1F4D78"/>';

const HEADINGS = [BLUE + size(32), BLUE + size(26), DARK + size(24), `<w:i/><w:iCs/>${BLUE}`, BLUE, DARK];

const heading = (look: string, index: number): string =>
  `<w:style w:type="paragraph" w:styleId="Heading${index + 1}"><w:name w:val="heading ${index + 1}"/><w:basedOn w:val="Normal"/><w:next w:val="Normal"/><w:qFormat/><w:pPr><w:keepNext/><w:spacing w:before="240" w:after="120"/><w:outlineLvl w:val="${index}"/></w:pPr><w:rPr>${look}</w:rPr></w:style>`;

export const stylesXml = (): string =>
  `<w:docDefaults><w:rPrDefault><w:rPr>${font('Calibri')}${size(22)}</w:rPr></w:rPrDefault></w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/></w:style>${HEADINGS.map(heading).join('')}<w:style w:type="paragraph" w:styleId="ListParagraph"><w:name w:val="List Paragraph"/><w:basedOn w:val="Normal"/><w:qFormat/></w:style>`;

export const font = (name: string): string =>
  `<w:rFonts w:ascii="${name}" w:hAnsi="${name}" w:eastAsia="${name}" w:cs="${name}"/>`;
