import { Buffer } from 'node:buffer';
import { htmlToMarkdown } from './html-to-markdown.ts';
import { ToolError } from './result.ts';

/** An unpacked document larger than this is taken for a bomb. */
const MAX_UNPACKED = 150_000_000;

const startsWith = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((byte, index) => bytes[index] === byte);

const OLE = [0xd0, 0xcf, 0x11, 0xe0];
const ZIP = [0x50, 0x4b];

async function unpackedSize(bytes: Uint8Array): Promise<number> {
  const { unzipSync } = await import('fflate');
  let total = 0;
  unzipSync(bytes, {
    filter: ({ originalSize }) => {
      total += originalSize;
      return false;
    },
  });
  return total;
}

async function check(bytes: Uint8Array, path: string): Promise<void> {
  if (startsWith(bytes, OLE)) {
    throw new ToolError(
      `${path} is protected by a password or in the old doc format. The owner has to save it as a plain docx.`,
    );
  }
  if (!startsWith(bytes, ZIP)) throw new ToolError(`${path} is not a Word document (docx).`);
  if ((await unpackedSize(bytes)) > MAX_UNPACKED) throw new ToolError(`${path} is too large once unpacked.`);
}

/** The document as Markdown; pictures are left out. Throws {@link ToolError} for what is no docx. */
export async function docxText(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<string> {
  try {
    await check(bytes, path);
    const { default: mammoth } = await import('mammoth');
    const convertImage = mammoth.images.imgElement(() => Promise.resolve({ src: '' }));
    const { value } = await mammoth.convertToHtml({ buffer: Buffer.from(bytes) }, { convertImage });
    return htmlToMarkdown(value);
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw new ToolError(`${path} is not a Word document (docx), or it is damaged.`, { cause: error });
  }
}
