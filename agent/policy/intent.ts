/** What a tool means to do, before it is done: the gate decides each. Paths are as the model wrote them. */
export type Intent =
  | { readonly sink: 'read'; readonly path: string }
  /** Publish a whole file, new or in place of an old one. */
  | { readonly sink: 'write'; readonly path: string; readonly content: Uint8Array<ArrayBuffer> }
  | { readonly sink: 'script'; readonly name: string };
