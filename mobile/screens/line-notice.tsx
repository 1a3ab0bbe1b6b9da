import { For, Match, Switch, type JSX } from 'solid-js';
import type { LineView } from '../state/view.ts';
import { useApp } from '../ui/app.ts';
import { Notice } from '../ui/notice.tsx';

/** Says when the relay cannot be reached or does not take what this phone has, and which desktop hears it no more. `only`: of the others there is nothing to say here. */
export function LineNotice(props: { readonly only?: string }): JSX.Element {
  const { words, view } = useApp();
  const refused = (): Extract<LineView, { is: 'refused' }> | undefined => {
    const { line } = view();
    return line.is === 'refused' ? line : undefined;
  };
  const dropped = (): readonly string[] =>
    view()
      .desktops.filter(({ dropped: at }) => at !== undefined)
      .filter(({ device }) => props.only === undefined || device.kid === props.only)
      .map(({ device }) => device.name);
  return (
    <div role="status">
      <For each={dropped()}>{(name) => <Notice kind="bad">{words.line.dropped(name)}</Notice>}</For>
      <Switch>
        <Match when={view().line.is === 'unreached'}>
          <Notice>{words.line.unreached}</Notice>
        </Match>
        <Match when={refused()}>{(line) => <Notice kind="bad">{words.faults(line().why)}</Notice>}</Match>
      </Switch>
    </div>
  );
}
