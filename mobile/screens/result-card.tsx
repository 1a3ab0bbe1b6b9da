import { For, Show, type JSX } from 'solid-js';
import type { Parcel } from '../../edge/protocol/parcel.ts';
import type { ResultView } from '../state/view.ts';
import { createAct } from '../ui/act.ts';
import { useApp } from '../ui/app.ts';
import { Button } from '../ui/button.tsx';
import { sizeWords, visible } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { Fault, Notice } from '../ui/notice.tsx';
import { Answer } from './answer.tsx';

/** The answer as inert text, and its files. */
export function ResultCard(props: { readonly result: ResultView }): JSX.Element {
  const { words } = useApp();
  return (
    <section class="card result" aria-label={words.thread.result}>
      <Answer text={props.result.text} />
      <For each={props.result.files}>{(file) => <FileRow file={file} />}</For>
      <Show when={props.result.untrusted}>
        <Notice>{words.thread.untrusted}</Notice>
      </Show>
      <small class="muted">{words.thread.by(props.result.by)}</small>
    </section>
  );
}

function FileRow(props: { readonly file: Parcel }): JSX.Element {
  const { phone, words, around } = useApp();
  const act = createAct();
  const name = (): string => visible(props.file.name);
  function use(how: 'open' | 'save'): void {
    const { file } = props;
    act.run(async () => {
      const bytes = await phone.errands.unpack(file);
      around.open(new File([bytes], file.name, { type: file.type }), how);
    });
  }
  const atDesk = () => (props.file.content.at === 'desk' ? props.file.content : undefined);
  return (
    <div class="file">
      <div class="file-head">
        <Icon name="file" />
        <div>
          <strong>{name()}</strong>
          <small class="muted">{sizeWords(props.file.size)}</small>
        </div>
      </div>
      <Show when={!atDesk()}>
        <div class="row">
          <Button kind="main" label={words.thread.openNamed(name())} busy={act.busy()} onPress={() => use('open')}>
            {words.thread.open}
          </Button>
          <Button label={words.thread.downloadNamed(name())} busy={act.busy()} onPress={() => use('save')}>
            {words.thread.download}
          </Button>
        </div>
      </Show>
      <Show when={atDesk()}>{(content) => <p class="muted">{content().why}</p>}</Show>
      <Fault code={act.fault()} />
      <Show when={props.file.preview}>
        {(preview) => (
          <details class="preview" open>
            <summary>{words.thread.preview}</summary>
            <pre>{preview()}</pre>
          </details>
        )}
      </Show>
    </div>
  );
}
