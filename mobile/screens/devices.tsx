import { createSignal, For, onMount, Show, type JSX } from 'solid-js';
import type { DeviceRow } from '../state/view.ts';
import { createAct } from '../ui/act.ts';
import { useApp, type Notifying } from '../ui/app.ts';
import { Button } from '../ui/button.tsx';
import { timeWords } from '../ui/format.ts';
import { Fault } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { DesktopCard } from './desktop-card.tsx';
import { Revoke } from './revoke.tsx';

/** Who belongs to the account, what the desktops do when nobody is there, and how this phone is told. */
export function Devices(): JSX.Element {
  const { phone, words, view, go } = useApp();
  const act = createAct();
  onMount(() => act.run(() => phone.desktops.list()));
  const others = (): readonly DeviceRow[] => {
    const paired = new Set(view().desktops.map(({ device }) => device.kid));
    return (view().devices ?? []).filter(({ kid }) => !paired.has(kid));
  };
  return (
    <Page title={words.devices.title} back="/">
      <Fault code={act.fault()} />
      <section class="group" aria-label={words.devices.desktops}>
        <h2>{words.devices.desktops}</h2>
        <For each={view().desktops.map(({ device }) => device.kid)}>{(kid) => <DesktopCard kid={kid} />}</For>
        <Button onPress={() => go('/pair')}>{words.devices.add}</Button>
      </section>
      <Notifications />
      <Show when={others().length > 0}>
        <section class="group" aria-label={words.devices.others}>
          <h2>{words.devices.others}</h2>
          <ul class="card rows">
            <For each={others()}>{(device) => <OtherDevice device={device} />}</For>
          </ul>
        </section>
      </Show>
    </Page>
  );
}

function OtherDevice(props: { readonly device: DeviceRow }): JSX.Element {
  const { words, view, now } = useApp();
  const isMe = (): boolean => props.device.kid === view().me?.kid;
  return (
    <li>
      <div>
        <strong>{props.device.name}</strong>
        <small class="muted">
          {words.devices[props.device.kind]}
          <Show when={isMe()}>, {words.devices.thisPhone}</Show>
          <Show when={!isMe() && props.device.lastSeen}>
            {(at) => <>, {words.devices.seen(timeWords(at() * 1000, now()))}</>}
          </Show>
        </small>
      </div>
      <Show when={!isMe()}>
        <Revoke kid={props.device.kid} name={props.device.name} />
      </Show>
    </li>
  );
}

function Notifications(): JSX.Element {
  const { words, around } = useApp();
  const [state, setState] = createSignal<Notifying>(around.notifying());
  const [busy, setBusy] = createSignal(false);
  const texts: Record<Notifying, string> = {
    on: words.devices.notifyOn,
    off: words.devices.notifyOff,
    denied: words.devices.notifyDenied,
    none: words.devices.notifyNone,
    failed: words.devices.notifyFailed,
  };
  async function turnOn(): Promise<void> {
    setBusy(true);
    setState(await around.notify());
    setBusy(false);
  }
  return (
    <section class="group" aria-label={words.devices.notify}>
      <h2>{words.devices.notify}</h2>
      <div class="card stack" role="status">
        <p>{texts[state()]}</p>
        <Show when={state() === 'off' || state() === 'failed'}>
          <Button busy={busy()} onPress={() => void turnOn()}>
            {words.devices.notifyTurnOn}
          </Button>
        </Show>
      </div>
    </section>
  );
}
