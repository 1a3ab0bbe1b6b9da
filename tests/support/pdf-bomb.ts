import { deflateSync } from 'node:zlib';

/* Small files that pdf readers spend a fortune on. */

interface Part {
  readonly dict: string;
  readonly stream?: Uint8Array;
}

/** A PDF of these objects, the first of which is its catalogue. */
function pdfOf(parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  const pieces: Buffer[] = [Buffer.from('%PDF-1.4\n')];
  const offsets: number[] = [];
  let size = pieces[0]?.length ?? 0;
  const add = (bytes: Uint8Array | string): void => {
    const piece = Buffer.from(bytes);
    pieces.push(piece);
    size += piece.length;
  };
  for (const [index, { dict, stream }] of parts.entries()) {
    offsets.push(size);
    add(`${index + 1} 0 obj\n`);
    if (stream === undefined) add(`<< ${dict} >>`);
    else {
      add(`<< ${dict} /Length ${stream.length} >>\nstream\n`);
      add(stream);
      add('\nendstream');
    }
    add('\nendobj\n');
  }
  const start = size;
  add(`xref\n0 ${parts.length + 1}\n0000000000 65535 f \n`);
  for (const offset of offsets) add(`${String(offset).padStart(10, '0')} 00000 n \n`);
  add(`trailer\n<< /Size ${parts.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`);
  return new Uint8Array(Buffer.concat(pieces));
}

const head = (count = 1): Part[] => [
  { dict: '/Type /Catalog /Pages 2 0 R' },
  { dict: `/Type /Pages /Kids [3 0 R] /Count ${count}` },
];
const FONT: Part = { dict: '/Type /Font /Subtype /Type1 /BaseFont /Helvetica' };
const page = (resources: string, contents: string): Part => ({
  dict: `/Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << ${resources} >> /Contents ${contents}`,
});
const deflated = (text: string): Part => ({ dict: '/Filter /FlateDecode', stream: deflateSync(text) });

/** One page that shows this many lines: kilobytes that become megabytes. */
export const manyLinesPdf = (lines: number): Uint8Array<ArrayBuffer> =>
  pdfOf([
    ...head(),
    page('/Font << /F1 4 0 R >>', '5 0 R'),
    FONT,
    deflated(`BT /F1 11 Tf 15 TL 60 780 Td\n${'(Always the same words.) Tj T*\n'.repeat(lines)}ET`),
  ]);

/** Zeros packed twice: a thousand times a thousand. */
export const zerosPdf = (bytes: number): Uint8Array<ArrayBuffer> =>
  pdfOf([
    ...head(),
    page('', '4 0 R'),
    { dict: '/Filter [/FlateDecode /FlateDecode]', stream: deflateSync(deflateSync(Buffer.alloc(bytes))) },
  ]);

/** A form that shows ten of the next, which show ten of the next: a billion laughs. */
export function formsPdf(depth: number): Uint8Array<ArrayBuffer> {
  const FIRST = 5;
  const form = (level: number): Part => {
    const last = level === depth - 1;
    const inner = last ? 'BT /F1 11 Tf (laugh) Tj ET' : `/X${level + 1} Do\n`.repeat(10);
    const resources = last ? '/Font << /F1 4 0 R >>' : `/XObject << /X${level + 1} ${FIRST + level + 1} 0 R >>`;
    return {
      dict: `/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << ${resources} >>`,
      stream: Buffer.from(inner),
    };
  };
  const forms = Array.from({ length: depth }, (_, level) => form(level));
  return pdfOf([
    ...head(),
    page(`/XObject << /X0 ${FIRST} 0 R >>`, `${FIRST + depth} 0 R`),
    FONT,
    ...forms,
    { dict: '', stream: Buffer.from('/X0 Do') },
  ]);
}

/** Says that it has this many pages. */
export const pagesPdf = (count: number): Uint8Array<ArrayBuffer> =>
  pdfOf([...head(count), page('', '4 0 R'), deflated('')]);

/** A page tree that contains itself. */
export const loopPdf = (): Uint8Array<ArrayBuffer> =>
  pdfOf([{ dict: '/Type /Catalog /Pages 2 0 R' }, { dict: '/Type /Pages /Kids [2 0 R 2 0 R] /Count 2' }]);

/** A readable PDF of about this size: its words on page 2, the rest a picture that nothing packs. */
export function largePdf(bytes: number, words: string): Uint8Array<ArrayBuffer> {
  const noise = new Uint8Array(bytes);
  let state = 1;
  for (let i = 0; i < bytes; i++) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    noise[i] = state >> 16;
  }
  return pdfOf([
    { dict: '/Type /Catalog /Pages 2 0 R' },
    { dict: '/Type /Pages /Kids [3 0 R 4 0 R] /Count 2' },
    page('/XObject << /P 5 0 R >>', '6 0 R'),
    page('/Font << /F1 7 0 R >>', '8 0 R'),
    {
      dict: `/Type /XObject /Subtype /Image /Width 1000 /Height ${Math.floor(bytes / 1000)} /ColorSpace /DeviceGray /BitsPerComponent 8`,
      stream: noise,
    },
    { dict: '', stream: Buffer.from('q 500 0 0 700 40 60 cm /P Do Q') },
    FONT,
    { dict: '', stream: Buffer.from(`BT /F1 11 Tf 60 780 Td (${words}) Tj ET`) },
  ]);
}
