import { Buffer } from 'node:buffer';
import { concat } from '../../edge/protocol/bytes.ts';
import { htmlToMarkdown } from './html-to-markdown.ts';
import { ToolError } from './result.ts';
import { windowOf } from './window.ts';

/** An unpacked document larger than this is taken for a bomb. */
const MAX_UNPACKED = 150_000_000;

const startsWith = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((byte, index) => bytes[index] === byte);

const OLE = [0xd0, 0xcf, 0x11, 0xe0];
const ZIP = [0x50, 0x4b];

/** Compressed bytes unpacked at once: at most a thousand times as much comes out before it is counted. */
const CHUNK = 16_384;

/**
 * The document's texts, packed anew without compression: the library would unpack whatever there is, and a zip may lie about sizes.
 * Pictures are left out.
 */
async function plainZip(bytes: Uint8Array, path: string): Promise<Uint8Array> {
  const { Unzip, UnzipInflate, zipSync } = await import('fflate');
  const texts = new Map<string, Uint8Array[]>();
  let total = 0;
  const unzip = new Unzip((file) => {
    if (!/\.(xml|rels)$/i.test(file.name)) return;
    const chunks: Uint8Array[] = [];
    texts.set(file.name, chunks);
    file.ondata = (error, chunk) => {
      if (error) throw error;
      total += chunk.length;
      if (total > MAX_UNPACKED) throw new ToolError(`${path} is too large once unpacked.`);
      chunks.push(chunk);
    };
    file.start();
  });
  unzip.register(UnzipInflate);
  for (let at = 0; at < bytes.length; at += CHUNK)
    unzip.push(bytes.subarray(at, at + CHUNK), at + CHUNK >= bytes.length);
  return zipSync(Object.fromEntries([...texts].map(([name, chunks]) => [name, concat(...chunks)])), { level: 0 });
}

function check(bytes: Uint8Array, path: string): void {
  if (startsWith(bytes, OLE)) {
    throw new ToolError(
      `${path} is protected by a password or in the old doc format. The owner has to save it as a plain docx.`,
    );
  }
  if (!startsWith(bytes, ZIP)) throw new ToolError(`${path} is not a Word document (docx).`);
}

/** The document as Markdown; pictures are left out. Throws {@link ToolError} for what is no docx. */
export async function docxText(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<string> {
  try {
    check(bytes, path);
    const buffer = Buffer.from(await plainZip(bytes, path));
    const { default: mammoth } = await import('mammoth');
    const convertImage = mammoth.images.imgElement(() => Promise.resolve({ src: '' }));
    const { value } = await mammoth.convertToHtml({ buffer }, { convertImage });
    return htmlToMarkdown(value);
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw new ToolError(`${path} is not a Word document (docx), or it is damaged.`, { cause: error });
  }
}

const LINES = 2000;

/** Some lines of a document in words. Throws {@link ToolError} for what is no docx. */
export async function docxReading(
  bytes: Uint8Array<ArrayBuffer>,
  { path, from = 1 }: { path: string; from?: number | undefined },
): Promise<string> {
  const body = await docxText(bytes, path);
  if (body === '') return `${path} holds no text.`;
  const { text, span } = windowOf(body.split('\n'), { from, count: LINES, unit: 'lines' });
  return `${path} (${span}):\n${text}`;
}
