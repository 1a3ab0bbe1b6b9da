import { createSignal, For, Show, type JSX } from 'solid-js';
import { useApp } from '../ui/app.ts';
import { Button } from '../ui/button.tsx';
import '../styles/codes.css';

/** Recovery codes, this once, and the ways to keep them. */
export function CodesList(props: { readonly codes: readonly string[]; readonly onSaved: () => void }): JSX.Element {
  const { words, around, view } = useApp();
  const [copied, setCopied] = createSignal(false);
  const title = (): string => words.account.paper(view().email);
  const text = (): string => [title(), '', ...props.codes].join('\n');
  return (
    <div class="stack codes">
      <p class="paper">{title()}</p>
      <ol>
        <For each={props.codes}>
          {(code) => (
            <li>
              <code>{code}</code>
            </li>
          )}
        </For>
      </ol>
      <p class="muted">{words.account.codesKeep}</p>
      <div class="row ways">
        <Button onPress={() => void around.copy(text()).then(() => setCopied(true))}>
          {copied() ? words.common.copied : words.account.codesCopy}
        </Button>
        <Show when={around.share}>
          {(share) => (
            // Broken off by the person: nothing to say.
            <Button onPress={() => void share()(text()).catch(() => undefined)}>{words.account.codesShare}</Button>
          )}
        </Show>
        <Button
          onPress={() =>
            around.open(new File([text()], words.account.file, { type: 'application/octet-stream' }), 'save')
          }
        >
          {words.account.codesSave}
        </Button>
        <Button onPress={() => around.print()}>{words.account.codesPrint}</Button>
      </div>
      <Button kind="main" onPress={() => props.onSaved()}>
        {words.account.codesSaved}
      </Button>
    </div>
  );
}
