import type { OpenedFile } from '../policy/opened.ts';
import type { Material } from './apart/job.ts';
import { ToolError } from './result.ts';

const CHUNK_BYTES = 1024 * 1024;

async function* chunksOf(file: OpenedFile): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.size; at += CHUNK_BYTES) {
    const wanted = { start: at, end: Math.min(at + CHUNK_BYTES, file.size) };
    const chunk = await readChunk(file, wanted);
    if (chunk.length < wanted.end - wanted.start) throw changed(file);
    yield chunk;
  }
}

async function readChunk(file: OpenedFile, range: { start: number; end: number }): Promise<Uint8Array> {
  try {
    return await file.read(range);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown reason';
    throw new ToolError(`${file.path} could not be read to its end (${reason}). Try again; its disk may be failing.`, {
      cause: error,
    });
  }
}

const changed = ({ path }: OpenedFile): ToolError =>
  new ToolError(`${path} became shorter while it was read. Another program may be saving it: read it again.`);

/** A file as it is read, never whole in memory. What is added to it meanwhile is left out; a file that shrank is an error. */
export const materialOf = (file: OpenedFile): Material => ({ size: file.size, chunks: chunksOf(file) });

/** All bytes of a small file, with the same errors. */
export async function bytesOf(file: OpenedFile): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(file.size);
  let filled = 0;
  for await (const chunk of chunksOf(file)) {
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  return bytes;
}
