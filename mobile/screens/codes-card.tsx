import { createSignal, onMount, Show, type JSX } from 'solid-js';
import { useApp } from '../ui/app.ts';
import { Button } from '../ui/button.tsx';
import { CodesList } from './codes-list.tsx';
import { createFresh, FreshCode } from './fresh.tsx';

/** After the first result: recovery codes are worth the trouble now. Asked until they are saved, or not wanted. */
export function CodesCard(): JSX.Element {
  const { view } = useApp();
  const isDue = (): boolean => {
    const { codes, threads } = view();
    return !codes.settled && threads.some(({ tasks }) => tasks.some(({ result }) => result !== undefined));
  };
  return (
    <Show when={isDue()}>
      <Asking />
    </Show>
  );
}

function Asking(): JSX.Element {
  const { phone, words, view } = useApp();
  const fresh = createFresh();
  const [codes, setCodes] = createSignal<readonly string[]>();
  // Out of reach: asked again with the next result.
  onMount(() => void phone.codes.look().catch(() => undefined));
  return (
    <Show when={view().codes.left !== undefined}>
      <section class="card stack" aria-label={words.account.codesTitle}>
        <h2>{words.account.codesTitle}</h2>
        <Show
          when={codes()}
          fallback={
            <>
              <p class="muted">{words.account.codesLead}</p>
              <FreshCode fresh={fresh} />
              <Show when={!fresh.asks()}>
                <Button busy={fresh.busy()} onPress={() => fresh.run(async () => setCodes(await phone.codes.make()))}>
                  {words.account.codesShow}
                </Button>
              </Show>
              <Button kind="quiet" onPress={() => void phone.codes.settle()}>
                {words.account.codesDismiss}
              </Button>
            </>
          }
        >
          {(made) => <CodesList codes={made()} onSaved={() => void phone.codes.settle()} />}
        </Show>
      </section>
    </Show>
  );
}
