import { font, numberingOf } from './docx-look.ts';
import type { Block, Run } from './markdown.ts';

/** Characters that XML cannot hold would make a file that Word refuses. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

const xmlText = (text: string): string =>
  text.replace(NOT_XML, '').toWellFormed().replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function runXml({ text, bold, italic, code }: Run): string {
  const look = [code ? font('Courier New') : '', bold ? '<w:b/><w:bCs/>' : '', italic ? '<w:i/><w:iCs/>' : ''].join('');
  const lines = xmlText(text)
    .split('\n')
    .map((line) => `<w:t xml:space="preserve">${line}</w:t>`);
  return `<w:r><w:rPr>${look}</w:rPr>${lines.join('<w:br/>')}</w:r>`;
}

const paragraph = (properties: string, runs: readonly Run[]): string =>
  `<w:p><w:pPr>${properties}</w:pPr>${runs.map(runXml).join('')}</w:p>`;

const SPACE = '<w:spacing w:after="120"/>';
const RULE = '<w:pBdr><w:bottom w:val="single" w:sz="6" w:space="1" w:color="auto"/></w:pBdr>';

type Table = Extract<Block, { kind: 'table' }>;

const BORDERS = ['top', 'left', 'bottom', 'right', 'insideH', 'insideV']
  .map((side) => `<w:${side} w:val="single" w:sz="4" w:space="0" w:color="auto"/>`)
  .join('');
const MARGINS = Object.entries({ top: 60, left: 100, bottom: 60, right: 100 })
  .map(([side, width]) => `<w:${side} w:w="${width}" w:type="dxa"/>`)
  .join('');
/** Between the margins of the page. */
const WIDTH = 9026;

function rowXml(row: Table['rows'][number], index: number): string {
  const head = index === 0;
  const cells = row.map((runs) => {
    const shown = head ? runs.map((run) => ({ ...run, bold: true })) : runs;
    return `<w:tc>${paragraph('', shown)}</w:tc>`;
  });
  return `<w:tr>${head ? '<w:trPr><w:tblHeader/></w:trPr>' : ''}${cells.join('')}</w:tr>`;
}

function tableXml({ rows }: Table): string {
  const columns = rows[0] ?? [];
  const grid = columns.map(() => `<w:gridCol w:w="${Math.floor(WIDTH / columns.length)}"/>`).join('');
  return `<w:tbl><w:tblPr><w:tblW w:w="5000" w:type="pct"/><w:tblBorders>${BORDERS}</w:tblBorders><w:tblCellMar>${MARGINS}</w:tblCellMar></w:tblPr><w:tblGrid>${grid}</w:tblGrid>${rows.map(rowXml).join('')}</w:tbl>`;
}

function blockXml(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return paragraph(`<w:pStyle w:val="Heading${block.level}"/>`, block.runs);
    case 'paragraph':
      return paragraph(SPACE, block.runs);
    case 'item':
      return paragraph(`<w:pStyle w:val="ListParagraph"/>${numberingOf(block)}`, block.runs);
    case 'table':
      return tableXml(block);
    case 'code':
      return paragraph(SPACE, [{ text: block.text, bold: false, italic: false, code: true }]);
    case 'quote':
      return paragraph(`${SPACE}<w:ind w:left="480"/>`, block.runs);
    case 'rule':
      return paragraph(RULE, []);
  }
}

/** A4, one inch of margin. */
const PAGE =
  '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1440" w:right="1440" w:bottom="1440" w:left="1440" w:header="708" w:footer="708" w:gutter="0"/></w:sectPr>';

export const documentXml = (blocks: readonly Block[]): string =>
  `<w:body>${blocks.map(blockXml).join('')}${PAGE}</w:body>`;
