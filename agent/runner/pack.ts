import { basename, extname } from 'node:path';
import { toBytes } from '../../edge/protocol/bytes.ts';
import { packParcel, type Parcel } from '../../edge/protocol/parcel.ts';
import { MAX_BODY_BYTES } from '../../edge/protocol/seal.ts';
import { filesWritten, keptBytes } from '../journal/change.ts';
import { hashNow } from '../journal/hash.ts';
import type { Journal } from '../journal/journal.ts';
import type { Parts } from './deps.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.csv': 'text/csv',
  '.docx': 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  '.jpg': 'image/jpeg',
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.pptx': 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  '.txt': 'text/plain',
  '.xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};
const TEXT = new Set(['.csv', '.json', '.md', '.txt']);
const MAX_PREVIEW = 2000;
const MAX_FILES = 20;
/** Bytes of a result without its text and files; and of a file's name, hash and list of parts. */
const FRAME_BYTES = 1000;
const ABOUT_BYTES = 5000;

const jsonBytes = (value: unknown): number => toBytes(JSON.stringify(value)).length;

const previewOf = (name: string, bytes: Uint8Array): string | undefined =>
  TEXT.has(extname(name).toLowerCase())
    ? new TextDecoder().decode(bytes.subarray(0, MAX_PREVIEW * 4)).slice(0, MAX_PREVIEW)
    : undefined;

/**
 * The files a task wrote, as it wrote them, ready to travel. All of them share the room of one message: what does not fit goes to the
 * relay in sealed parts, or without `put` stays on the desk and says so; previews are the first to go. Errors of `put` pass through.
 */
export async function packFiles(
  journal: Journal,
  options: { task: string; text: string; put: Parts['put'] | undefined },
): Promise<Parcel[]> {
  const parcels: Parcel[] = [];
  const files = filesWritten(journal, options.task).slice(-MAX_FILES);
  let room = MAX_BODY_BYTES - FRAME_BYTES - jsonBytes(options.text) - files.length * ABOUT_BYTES;
  for (const { path, after } of files) {
    const parcel = await packFile({ path, bytes: keptBytes(journal, after), room, put: options.put });
    room -= Math.max(0, jsonBytes(parcel) - ABOUT_BYTES);
    parcels.push(parcel);
  }
  return parcels;
}

async function packFile(file: {
  path: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** Bytes of JSON for content and preview. */
  room: number;
  put: Parts['put'] | undefined;
}): Promise<Parcel> {
  const { path, bytes, put } = file;
  const name = basename(path);
  const preview = previewOf(name, bytes);
  const fits = preview !== undefined && jsonBytes(preview) <= file.room;
  const type = TYPES[extname(name).toLowerCase()] ?? 'application/octet-stream';
  const about = { name, type, ...(fits && { preview }) };
  const room = Math.floor(((fits ? file.room - jsonBytes(preview) : file.room) * 3) / 4);
  if (put === undefined && bytes.length > room) {
    const why = 'The network was away when the task ended. The file is on the desktop.';
    return { ...about, size: bytes.length, sha256: hashNow(bytes), content: { at: 'desk', why } };
  }
  const putPart = put ?? (() => Promise.reject(new Error('an inline file has no parts')));
  return packParcel({ ...about, bytes, inlineBytes: room, putPart });
}
