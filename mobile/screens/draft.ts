import { createMemo, createSignal, type Accessor } from 'solid-js';
import type { Grant } from '../../edge/protocol/grant.ts';
import { chips, NO_EDITS, type Edits } from '../state/grants.ts';
import type { NewTask } from '../state/errands.ts';
import type { DesktopView, ThreadView } from '../state/view.ts';
import { useApp } from '../ui/app.ts';
import { readAttachment } from '../ui/photo.ts';

export const MAX_TEXT = 20_000;

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

export function createDraft(thread: () => ThreadView | undefined): Draft {
  const { phone, view } = useApp();
  const [text, setText] = createSignal('');
  const [edits, setEdits] = createSignal<Edits>(NO_EDITS);
  const [file, setFile] = createSignal<File>();
  const [script, setScript] = createSignal<string>();
  const [chosen, setDesktop] = createSignal<string>();
  const desktop = createMemo(() => {
    const kid = thread()?.desktop ?? chosen() ?? view().threads[0]?.desktop;
    const { desktops } = view();
    return desktops.find((known) => known.device.kid === kid) ?? desktops[0];
  });
  const grants = createMemo((): readonly Grant[] => {
    const name = script();
    const found = chips({ text: text(), thread: thread(), edits: edits() });
    return name === undefined ? found : [{ do: 'script', name }, ...found];
  });
  const ready = (): boolean =>
    desktop() !== undefined && (text().trim() !== '' || script() !== undefined) && text().length <= MAX_TEXT;

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
      const id = await phone.errands.send(await compose());
      setText('');
      setEdits(NO_EDITS);
      setFile(undefined);
      setScript(undefined);
      return id;
    },
  };
}
