import { lazy, Show, type Component, type JSX } from 'solid-js';
import { useApp } from '../ui/app.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';

/**
 * A screen that is fetched when it is first shown. Its file may be gone because a newer version of the app was put in its place:
 * then words stand there, and not a reload that nobody asked for, in the middle of a task that is being written.
 */
export function later<Props extends object>(load: () => Promise<Component<Props>>): Component<Props> {
  return lazy(async () => {
    try {
      return { default: await load() };
    } catch {
      return { default: Missing };
    }
  });
}

function Missing(): JSX.Element {
  const { words, updated } = useApp();
  return (
    <Show when={!updated()}>
      <Reload>{words.update.missing}</Reload>
    </Show>
  );
}

/** Above every screen: this page is of a version before the one that is installed by now. */
export function UpdateNotice(): JSX.Element {
  const { words, updated } = useApp();
  return (
    <div role="status">
      <Show when={updated()}>
        <Reload>{words.update.done}</Reload>
      </Show>
    </div>
  );
}

function Reload(props: { readonly children: string }): JSX.Element {
  const { words } = useApp();
  return (
    <div class="update stack">
      <Notice>{props.children}</Notice>
      <Button kind="main" onPress={() => window.location.reload()}>
        {words.update.reload}
      </Button>
    </div>
  );
}
