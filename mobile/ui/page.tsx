import { children, Show, type JSX } from 'solid-js';
import { useApp } from './app.ts';
import { IconButton } from './button.tsx';

/** A screen: its name, the way back, and what stands at its foot. */
export function Page(props: {
  readonly title: string;
  readonly back?: string;
  readonly sub?: JSX.Element;
  readonly actions?: JSX.Element;
  readonly foot?: JSX.Element;
  readonly children: JSX.Element;
}): JSX.Element {
  const { words, go } = useApp();
  // Each reading of a prop makes what it holds anew: a second composer would be nowhere to be seen, and keep its own draft.
  const sub = children(() => props.sub);
  const foot = children(() => props.foot);
  return (
    <div class="page">
      <header class="bar">
        <Show when={props.back}>
          {(path) => <IconButton icon="back" label={words.common.back} onPress={() => go(path())} />}
        </Show>
        <div class="bar-title">
          <h1>{props.title}</h1>
          <Show when={sub()}>
            <p>{sub()}</p>
          </Show>
        </div>
        <div class="bar-actions">{props.actions}</div>
      </header>
      <main>{props.children}</main>
      <Show when={foot()}>
        <footer class="foot">{foot()}</footer>
      </Show>
    </div>
  );
}

/** A screen with one thing to do, before the phone is ready. */
export function Gate(props: {
  readonly title: string;
  readonly lead?: string;
  readonly children: JSX.Element;
}): JSX.Element {
  const { words } = useApp();
  return (
    <main class="gate">
      <p class="brand">
        <span class="mark" aria-hidden="true" />
        {words.app}
      </p>
      <h1>{props.title}</h1>
      <Show when={props.lead}>
        <p class="lead">{props.lead}</p>
      </Show>
      {props.children}
    </main>
  );
}
