import { createSignal, Show, type JSX } from 'solid-js';
import { createAct } from '../ui/act.ts';
import { useApp } from '../ui/app.ts';
import { Button } from '../ui/button.tsx';
import { Fault } from '../ui/notice.tsx';

/** Asks once before it revokes. */
export function Revoke(props: { readonly kid: string; readonly name: string }): JSX.Element {
  const { phone, words } = useApp();
  const act = createAct();
  const [sure, setSure] = createSignal(false);
  function revoke(): void {
    const { kid } = props;
    act.run(() => phone.desktops.revoke(kid));
  }
  return (
    <Show
      when={sure()}
      fallback={
        <Button kind="danger" label={words.devices.revokeNamed(props.name)} onPress={() => setSure(true)}>
          {words.devices.revoke}
        </Button>
      }
    >
      <div class="sure" role="alertdialog" aria-label={words.devices.revokeSure(props.name)}>
        <p>{words.devices.revokeSure(props.name)}</p>
        <Fault code={act.fault()} />
        <div class="row end">
          <Button kind="quiet" onPress={() => setSure(false)}>
            {words.common.cancel}
          </Button>
          <Button kind="danger" busy={act.busy()} onPress={revoke}>
            {words.devices.revoke}
          </Button>
        </div>
      </div>
    </Show>
  );
}
