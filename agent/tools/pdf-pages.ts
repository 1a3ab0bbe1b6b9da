import type { getDocumentProxy } from 'unpdf';
import { ToolError } from './result.ts';

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>;

const MAX_PAGES = 40;
const MAX_CHARACTERS = 60_000;
const NO_TEXT = '(No text on this page. It is empty or a picture, for example a scan.)';

interface PdfPages {
  readonly pages: readonly { readonly number: number; readonly text: string }[];
  /** "pages 1-40 of 300; ask for more with first=41". */
  readonly span: string;
}

async function openPdf(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<Pdf> {
  const { getDocumentProxy: open } = await import('unpdf');
  try {
    return await open(bytes, { verbosity: 0 });
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'PasswordException') {
      throw new ToolError(`${path} is protected by a password. The owner has to save a copy without one.`, {
        cause: error,
      });
    }
    throw new ToolError(`${path} is not a PDF, or it is damaged.`, { cause: error });
  }
}

async function textOfPage(pdf: Pdf, number: number): Promise<string> {
  const page = await pdf.getPage(number);
  const { items } = await page.getTextContent();
  page.cleanup();
  const text = items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('');
  return text.trim() === '' ? NO_TEXT : text.trim();
}

async function readPages(pdf: Pdf, { first, last }: { first: number; last: number }): Promise<PdfPages> {
  const total = pdf.numPages;
  const wanted = Math.min(last, total);
  const pages: { number: number; text: string }[] = [];
  let left = MAX_CHARACTERS;
  for (let number = first; number <= Math.min(wanted, first + MAX_PAGES - 1) && left > 0; number++) {
    const text = await textOfPage(pdf, number);
    pages.push({ number, text: text.length > left ? `${text.slice(0, left)} [this page goes on]` : text });
    left -= text.length;
  }
  const end = pages.at(-1)?.number ?? first;
  const more = end < wanted ? `; ask for more with first=${end + 1}` : '';
  return { pages, span: `pages ${first}-${end} of ${total}${more}` };
}

/** Some pages in words, as many as fit. Throws {@link ToolError} for what is no readable PDF. */
export async function pdfReading(
  bytes: Uint8Array<ArrayBuffer>,
  { path, first = 1, last = Infinity }: { path: string; first?: number | undefined; last?: number | undefined },
): Promise<string> {
  if (last < first) throw new ToolError('The last page lies before the first.');
  const pdf = await openPdf(bytes, path);
  try {
    if (first > pdf.numPages) throw new ToolError(`${path} has ${pdf.numPages} pages; there is no page ${first}.`);
    const { pages, span } = await readPages(pdf, { first, last });
    const text = pages.map(({ number, text: body }) => `[page ${number}]\n${body}`);
    return [`${path} (${span}):`, ...text].join('\n\n');
  } finally {
    await pdf.loadingTask.destroy();
  }
}
