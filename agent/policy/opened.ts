import type { Taint } from './taint.ts';

export interface FileState {
  readonly sha256: string;
  readonly size: number;
}

/** What a folder holds. `name` is relative to the folder that was opened. Links are named and never followed. */
export interface Entry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  readonly size: number;
  /** Unix milliseconds. */
  readonly modified: number;
}

export interface OpenedFile {
  readonly sink: 'read';
  readonly kind: 'file';
  readonly path: string;
  readonly size: number;
  readonly taint: Taint;
  /** Bytes `[start, end)`, or all. What is not there is cut off. Throws the errors of read(2). */
  read(range?: { start: number; end: number }): Promise<Uint8Array<ArrayBuffer>>;
}

export interface OpenedFolder {
  readonly sink: 'read';
  readonly kind: 'folder';
  readonly path: string;
  readonly taint: Taint;
  /** Without the guarded entries. Throws the errors of readdir(3). */
  list(): Promise<readonly Entry[]>;
  /** Everything below, folders before what is in them; hidden and guarded folders are left out. */
  walk(): AsyncIterable<Entry>;
}

export type Committed = { readonly done: true } | { readonly done: false; readonly why: string };

export interface OpenedWrite {
  readonly sink: 'write';
  readonly path: string;
  readonly before: FileState | null;
  readonly after: FileState;
  readonly taint: Taint;
  /** Publishes the bytes of the intent, once. Must not throw. */
  commit(): Promise<Committed>;
}

export interface OpenedScript {
  readonly sink: 'script';
  readonly name: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly taint: Taint;
}

/** What the gate hands to a tool. Valid until the verdict is closed. */
export type Opened = OpenedFile | OpenedFolder | OpenedWrite | OpenedScript;
