/** Bytes above 0x7f are octal escapes; WinAnsi agrees with Latin-1 for the letters of western Europe. */
const escapeText = (text: string): string =>
  Array.from(text, (letter) => {
    const code = letter.codePointAt(0) ?? 0;
    if ('()\\'.includes(letter)) return `\\${letter}`;
    return code < 0x80 ? letter : `\\${(code & 0xff).toString(8).padStart(3, '0')}`;
  }).join('');

const content = (lines: readonly string[]): string => {
  const shown = lines.map((line) => `(${escapeText(line)}) Tj T*`).join('\n');
  return `BT /F1 11 Tf 15 TL 60 780 Td\n${shown}\nET`;
};

/** A password check that the empty password fails: readers ask for one, and there is none. */
const LOCK = `/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <${'41'.repeat(32)}> /U <${'42'.repeat(32)}> >> /ID [<${'43'.repeat(16)}> <${'43'.repeat(16)}>]`;

/** A real PDF (A4, Helvetica): one array of lines for each page. `locked` asks for a password. */
export function makePdf(
  pages: readonly (readonly string[])[],
  { locked = false }: { locked?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  const kids = pages.map((_, index) => `${4 + index * 2} 0 R`).join(' ');
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
    ...pages.flatMap((lines, index) => {
      const text = content(lines);
      return [
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents ${5 + index * 2} 0 R >>`,
        `<< /Length ${text.length} >>\nstream\n${text}\nendstream`,
      ];
    }),
  ];
  const offsets: number[] = [];
  let body = '%PDF-1.4\n';
  for (const [index, object] of objects.entries()) {
    offsets.push(body.length);
    body += `${index + 1} 0 obj\n${object}\nendobj\n`;
  }
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  const end = `xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R ${locked ? LOCK : ''} >>\nstartxref\n${body.length}\n%%EOF\n`;
  return new TextEncoder().encode(body + end);
}
