import { For, type JSX } from 'solid-js';
import { useApp } from '../ui/app.ts';
import { Button } from '../ui/button.tsx';
import { Gate } from '../ui/page.tsx';

/** On iOS the installed app has a storage of its own: it comes before account and keys. */
export function InstallHint(props: { readonly onStay: () => void }): JSX.Element {
  const { words } = useApp();
  return (
    <Gate title={words.install.title} lead={words.install.lead}>
      <ol class="card numbered">
        <For each={words.install.steps}>{(step) => <li>{step}</li>}</For>
      </ol>
      <Button kind="quiet" onPress={() => props.onStay()}>
        {words.install.stay}
      </Button>
    </Gate>
  );
}
