import type * as Docx from 'docx';
import { parseMarkdown, type Block, type Run } from './markdown.ts';

type Library = typeof Docx;

const NUMBERS = 'numbers';
const BULLETS = 'bullets';
const DEPTHS = 6;

/**
 * The same text must give the same bytes, or an approval of them could never be used: the times that a document and its zip carry are
 * fixed. 1980 is the first year a zip can name; noon keeps it that year in every time zone.
 */
const EPOCH = new Date(1980, 0, 2, 12);
const CORE = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>Errand</dc:creator></cp:coreProperties>`;

const headings = (docx: Library) => [
  docx.HeadingLevel.HEADING_1,
  docx.HeadingLevel.HEADING_2,
  docx.HeadingLevel.HEADING_3,
  docx.HeadingLevel.HEADING_4,
  docx.HeadingLevel.HEADING_5,
  docx.HeadingLevel.HEADING_6,
];

/** Characters that XML cannot hold would make a file that Word refuses. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const xmlText = (text: string): string => text.replace(NOT_XML, '').toWellFormed();

const textRuns = (docx: Library, runs: readonly Run[], bold = false): Docx.TextRun[] =>
  runs.flatMap((run) =>
    xmlText(run.text)
      .split('\n')
      .map(
        (text, index) =>
          new docx.TextRun({
            text,
            bold: run.bold || bold,
            italics: run.italic,
            ...(run.code ? { font: 'Courier New' } : {}),
            ...(index > 0 ? { break: 1 } : {}),
          }),
      ),
  );

function table(docx: Library, rows: Extract<Block, { kind: 'table' }>['rows']): Docx.Table {
  const cell = (runs: readonly Run[], head: boolean): Docx.TableCell =>
    new docx.TableCell({
      children: [new docx.Paragraph({ children: textRuns(docx, runs, head) })],
      margins: { top: 60, bottom: 60, left: 100, right: 100 },
    });
  return new docx.Table({
    width: { size: 100, type: docx.WidthType.PERCENTAGE },
    rows: rows.map(
      (row, index) =>
        new docx.TableRow({ tableHeader: index === 0, children: row.map((runs) => cell(runs, index === 0)) }),
    ),
  });
}

function item(docx: Library, block: Extract<Block, { kind: 'item' }>): Docx.Paragraph {
  const level = Math.min(block.depth, DEPTHS - 1);
  const numbering =
    block.list === null ? { reference: BULLETS, level } : { reference: NUMBERS, level, instance: block.list };
  return new docx.Paragraph({ numbering, children: textRuns(docx, block.runs) });
}

function paragraph(docx: Library, block: Block): Docx.Paragraph | Docx.Table {
  const spacing = { after: 120 };
  switch (block.kind) {
    case 'heading': {
      const heading = headings(docx)[block.level - 1] ?? docx.HeadingLevel.HEADING_6;
      return new docx.Paragraph({
        heading,
        spacing: { before: 240, after: 120 },
        children: textRuns(docx, block.runs),
      });
    }
    case 'paragraph':
      return new docx.Paragraph({ spacing, children: textRuns(docx, block.runs) });
    case 'item':
      return item(docx, block);
    case 'table':
      return table(docx, block.rows);
    case 'code': {
      const code: Run = { text: block.text, bold: false, italic: false, code: true };
      return new docx.Paragraph({ spacing, children: textRuns(docx, [code]) });
    }
    case 'quote':
      return new docx.Paragraph({ spacing, indent: { left: 480 }, children: textRuns(docx, block.runs) });
    case 'rule':
      return new docx.Paragraph({ thematicBreak: true, children: [] });
  }
}

const levels = (docx: Library, format: 'decimal' | 'bullet') =>
  Array.from({ length: DEPTHS }, (_, level) => ({
    level,
    format: format === 'decimal' ? docx.LevelFormat.DECIMAL : docx.LevelFormat.BULLET,
    text: format === 'decimal' ? `%${level + 1}.` : '•',
    style: { paragraph: { indent: { left: 480 * (level + 1), hanging: 300 } } },
  }));

/** A Word document, the same bytes for the same blocks. */
async function docxBytes(blocks: readonly Block[]): Promise<Uint8Array<ArrayBuffer>> {
  const docx = await import('docx');
  const { strToU8, unzipSync, zipSync } = await import('fflate');
  const document = new docx.Document({
    styles: { default: { document: { run: { font: 'Calibri', size: 22 } } } },
    numbering: {
      config: [
        { reference: NUMBERS, levels: levels(docx, 'decimal') },
        { reference: BULLETS, levels: levels(docx, 'bullet') },
      ],
    },
    sections: [{ children: blocks.map((block) => paragraph(docx, block)) }],
  });
  const files = unzipSync(new Uint8Array(await docx.Packer.toArrayBuffer(document)));
  return new Uint8Array(zipSync({ ...files, 'docProps/core.xml': strToU8(CORE) }, { mtime: EPOCH }));
}

/** A Word document from Markdown, the same bytes for the same text. */
export const makeDocx = async (markdown: string): Promise<Uint8Array<ArrayBuffer>> =>
  docxBytes(await parseMarkdown(markdown));
