import { For, Show, type JSX } from 'solid-js';
import { reachOf } from '../state/reach.ts';
import { useApp } from '../ui/app.ts';
import { timeWords } from '../ui/format.ts';

/** Each desktop's name and whether it would hear now. */
export function DeskLine(props: { readonly only?: string }): JSX.Element {
  const { words, view, now } = useApp();
  const shown = () => view().desktops.filter(({ device }) => props.only === undefined || device.kid === props.only);
  return (
    <For each={shown()}>
      {(desktop, index) => (
        <>
          <Show when={index() > 0}> · </Show>
          <span class="desk">
            <i class={`dot ${reachOf(desktop, now()).is === 'here' ? 'here' : 'away'}`} aria-hidden="true" />
            <Show when={props.only === undefined}>{desktop.device.name}: </Show>
            {words.reach(reachOf(desktop, now()), (at) => timeWords(at, now()))}
          </span>
        </>
      )}
    </For>
  );
}
