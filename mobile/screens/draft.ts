import { createEffect, createMemo, createSignal, on, onCleanup, untrack, type Accessor } from 'solid-js';
import type { Grant } from '../../edge/protocol/grant.ts';
import type { KeptDraft } from '../state/drafts.ts';
import type { NewTask } from '../state/dispatch.ts';
import { chips, NO_EDITS, type Edits } from '../state/grants.ts';
import { successorOf } from '../state/successor.ts';
import type { DesktopView, ThreadView } from '../state/view.ts';
import { useApp } from '../ui/app.ts';
import { readAttachment } from '../ui/photo.ts';

export const MAX_TEXT = 20_000;

/** Milliseconds without a key press after which what was written is kept. */
const PAUSE = 250;

/** A task being written. */
export interface Draft {
  readonly text: Accessor<string>;
  readonly setText: (text: string) => void;
  readonly edits: Accessor<Edits>;
  readonly setEdits: (edits: Edits) => void;
  readonly grants: Accessor<readonly Grant[]>;
  readonly file: Accessor<File | undefined>;
  readonly setFile: (file: File | undefined) => void;
  readonly script: Accessor<string | undefined>;
  readonly setScript: (name: string | undefined) => void;
  readonly desktop: Accessor<DesktopView | undefined>;
  readonly setDesktop: (kid: string) => void;
  readonly ready: Accessor<boolean>;
  /** Sends it and begins a new one; resolves with the task's id. */
  readonly send: () => Promise<string>;
}

/** `thread` stays the same one for as long as the draft lives. */
export function createDraft(thread: () => ThreadView | undefined): Draft {
  const { phone, view, now } = useApp();
  const place = thread()?.id ?? 'new';
  const [text, setText] = createSignal('');
  const [edits, setEdits] = createSignal<Edits>(NO_EDITS);
  const [file, setFile] = createSignal<File>();
  const [script, setScript] = createSignal<string>();
  const [chosen, setDesktop] = createSignal<string>();
  const desktop = createMemo(() => {
    const kid = thread()?.desktop ?? chosen();
    const { desktops, threads } = view();
    return desktops.find((known) => known.device.kid === kid) ?? usual(desktops, threads[0]?.desktop, now());
  });
  const grants = createMemo((): readonly Grant[] => {
    const name = script();
    const found = chips({ text: text(), thread: thread(), edits: edits() });
    return name === undefined ? found : [{ do: 'script', name }, ...found];
  });
  const ready = (): boolean =>
    desktop() !== undefined && (text().trim() !== '' || script() !== undefined) && text().length <= MAX_TEXT;

  function kept(): KeptDraft | undefined {
    const name = script();
    if (text() === '' && name === undefined) return undefined;
    const { removed, added } = edits();
    const to = chosen();
    return {
      text: text(),
      removed: [...removed],
      added: [...added],
      ...(name !== undefined && { script: name }),
      ...(to !== undefined && { desktop: to }),
    };
  }
  const keeping = keepInTime({ written: kept, keep: (draft) => phone.drafts.keep(place, draft) });
  async function restore(): Promise<void> {
    const draft = await phone.drafts.read(place);
    // Whoever types faster than the database reads begins anew.
    if (!draft || untrack(text) !== '') return;
    setText(draft.text);
    setEdits({ removed: new Set(draft.removed), added: draft.added });
    setScript(draft.script);
    setDesktop(draft.desktop);
    keeping.drop();
  }
  void restore();

  async function compose(): Promise<NewTask> {
    const to = desktop();
    if (!to) throw new Error('there is no desktop to send to');
    const attached = file();
    const files = attached ? [await phone.errands.pack(await readAttachment(attached))] : [];
    const name = script();
    return {
      desktop: to.device.kid,
      text: text().trim() || (name ?? ''),
      grants: grants(),
      thread: thread()?.id,
      files,
      script: name,
      draft: place,
    };
  }
  return {
    text,
    setText,
    edits,
    setEdits,
    grants,
    file,
    script,
    desktop,
    ready,
    setFile: (next) => void setFile(next),
    setScript: (next) => void setScript(next),
    setDesktop: (kid) => void setDesktop(kid),
    send: async () => {
      const task = await compose();
      // What is being written ends in the transaction that sends it: a later word about it would bring it back.
      keeping.drop();
      const id = await phone.errands.send(task);
      setText('');
      setEdits(NO_EDITS);
      setFile(undefined);
      setScript(undefined);
      return id;
    },
  };
}

/** Where the newest errand went, unless that desktop was dropped or set up anew. */
function usual(desktops: readonly DesktopView[], last: string | undefined, now: number): DesktopView | undefined {
  const known = desktops.find(({ device }) => device.kid === last);
  if (known && known.dropped === undefined) return successorOf(known, desktops, now) ?? known;
  return desktops.find(({ dropped }) => dropped === undefined) ?? known ?? desktops[0];
}

/** Keeps what is written after each pause, and at once when the page may go away. */
function keepInTime(options: {
  written: () => KeptDraft | undefined;
  keep: (draft: KeptDraft | undefined) => Promise<void>;
}): { drop(): void } {
  let timer: number | undefined;
  function drop(): void {
    window.clearTimeout(timer);
    timer = undefined;
  }
  function now(): void {
    if (timer === undefined) return;
    drop();
    // A draft that cannot be kept is still on the screen.
    void options.keep(options.written()).catch(() => undefined);
  }
  const leaving = (): void => {
    if (document.visibilityState === 'hidden') now();
  };
  createEffect(
    on(
      options.written,
      () => {
        drop();
        timer = window.setTimeout(now, PAUSE);
      },
      { defer: true },
    ),
  );
  document.addEventListener('visibilitychange', leaving);
  window.addEventListener('pagehide', now);
  onCleanup(() => {
    document.removeEventListener('visibilitychange', leaving);
    window.removeEventListener('pagehide', now);
    now();
  });
  return { drop };
}
