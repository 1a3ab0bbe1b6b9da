import { strToU8, zipSync } from 'fflate';
import { documentXml } from './docx-body.ts';
import { numberingXml, stylesXml } from './docx-look.ts';
import { parseMarkdown, type Block } from './markdown.ts';

/*
 * The parts of a Word document (ECMA-376) as text. Where the standard has a sequence, Word insists on its order: elements stay in the
 * order they are written in.
 */

/**
 * The same text must give the same bytes, or an approval of them could never be used: the time that a zip carries is fixed. 1980 is the
 * first year it can name; noon keeps it that year in every time zone.
 */
const EPOCH = new Date(1980, 0, 2, 12);

const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const WORD = 'application/vnd.openxmlformats-officedocument.wordprocessingml';

const PARTS = ['styles', 'numbering', 'settings'];

const TYPES = `<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="${WORD}.document.main+xml"/>${PARTS.map((part) => `<Override PartName="/word/${part}.xml" ContentType="${WORD}.${part}+xml"/>`).join('')}<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>`;

const relationships = (targets: Readonly<Record<string, string>>): string =>
  `<Relationships xmlns="${PACKAGE}/relationships">${Object.entries(targets)
    .map(([target, type], index) => `<Relationship Id="rId${index + 1}" Type="${type}" Target="${target}"/>`)
    .join('')}</Relationships>`;

const CORE = `<cp:coreProperties xmlns:cp="${PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>Errand</dc:creator></cp:coreProperties>`;

/** Without it Word takes the document for one of 2007. */
const SETTINGS =
  '<w:compat><w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>';

/** Whatever is in Word's own vocabulary. */
const word = (root: string, content: string): string =>
  `<w:${root} xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">${content}</w:${root}>`;

const partsOf = (blocks: readonly Block[]): Readonly<Record<string, string>> => ({
  '[Content_Types].xml': TYPES,
  '_rels/.rels': relationships({
    'word/document.xml': `${OFFICE}/officeDocument`,
    'docProps/core.xml': `${PACKAGE}/relationships/metadata/core-properties`,
  }),
  'docProps/core.xml': CORE,
  'word/_rels/document.xml.rels': relationships(
    Object.fromEntries(PARTS.map((part) => [`${part}.xml`, `${OFFICE}/${part}`])),
  ),
  'word/document.xml': word('document', documentXml(blocks)),
  'word/numbering.xml': word('numbering', numberingXml(blocks)),
  'word/settings.xml': word('settings', SETTINGS),
  'word/styles.xml': word('styles', stylesXml()),
});

/** A Word document from Markdown, the same bytes for the same text. */
export async function makeDocx(markdown: string): Promise<Uint8Array<ArrayBuffer>> {
  const parts = Object.entries(partsOf(await parseMarkdown(markdown)));
  const files = Object.fromEntries(parts.map(([name, xml]) => [name, strToU8(HEAD + xml)]));
  return new Uint8Array(zipSync(files, { mtime: EPOCH }));
}
