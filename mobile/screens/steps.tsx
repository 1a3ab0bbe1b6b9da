import { Index, Show, type JSX } from 'solid-js';
import type { StepView } from '../state/view.ts';
import { useApp } from '../ui/app.ts';

/** What the agent does, as it does it. Announced politely, each change once. */
export function Steps(props: { readonly steps: readonly StepView[] }): JSX.Element {
  const { words } = useApp();
  return (
    <ol class="steps" aria-label={words.thread.steps} aria-live="polite" aria-relevant="additions text">
      <Index each={props.steps}>
        {(step) => (
          <li class={`step ${step().state}`}>
            <i class="step-mark" aria-hidden="true" />
            <div>
              <span>{step().title}</span>
              <span class="hidden">, {words.thread.step[step().state]}</span>
              <Show when={step().detail}>
                <small>{step().detail}</small>
              </Show>
            </div>
          </li>
        )}
      </Index>
    </ol>
  );
}
