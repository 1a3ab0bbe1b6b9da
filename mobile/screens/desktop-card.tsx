import { Show, type JSX } from 'solid-js';
import { DEFAULT_SETTINGS, type Settings } from '../../edge/protocol/settings.ts';
import { reachOf } from '../state/reach.ts';
import type { DesktopView } from '../state/view.ts';
import { createAct } from '../ui/act.ts';
import { useApp } from '../ui/app.ts';
import { timeWords } from '../ui/format.ts';
import { Fault, Notice } from '../ui/notice.tsx';
import { Switch } from '../ui/switch.tsx';
import { Revoke } from './revoke.tsx';

/** One desktop: whether it would hear now, and its power switches. */
export function DesktopCard(props: { readonly kid: string }): JSX.Element {
  const { words, view, now } = useApp();
  const desktop = () => view().desktops.find(({ device }) => device.kid === props.kid);
  return (
    <Show when={desktop()}>
      {(known) => (
        <article class="card stack" aria-label={known().device.name}>
          <div class="row between">
            <div>
              <strong>{known().device.name}</strong>
              <p class="state">
                <i class={`dot ${reachOf(known(), now()).is === 'here' ? 'here' : 'away'}`} aria-hidden="true" />
                {words.reach(reachOf(known(), now()), (at) => timeWords(at, now()))}
              </p>
            </div>
            <Revoke kid={props.kid} name={known().device.name} />
          </div>
          <Show when={known().seen}>{(seen) => <small class="muted">{words.devices.model(seen().model)}</small>}</Show>
          <Show when={known().dropped === undefined} fallback={<Notice kind="bad">{words.devices.dropped}</Notice>}>
            <Show when={known().trusted} fallback={<p class="muted">{words.devices.untrusted}</p>}>
              <PowerSwitches desktop={known()} />
            </Show>
          </Show>
        </article>
      )}
    </Show>
  );
}

function PowerSwitches(props: { readonly desktop: DesktopView }): JSX.Element {
  const { phone, words } = useApp();
  const act = createAct();
  const settings = (): Settings => props.desktop.wanted ?? props.desktop.seen?.settings ?? DEFAULT_SETTINGS;
  const allowed = (): boolean => props.desktop.seen?.mayPower ?? props.desktop.mayPower;
  function set(change: Partial<Settings>): void {
    const { kid } = props.desktop.device;
    const next = { ...settings(), ...change };
    act.run(() => phone.desktops.set(kid, next));
  }
  function setMinutes(text: string): void {
    const idleMinutes = Number(text);
    if (Number.isInteger(idleMinutes) && idleMinutes >= 1 && idleMinutes <= 1440) set({ idleMinutes });
  }
  return (
    <div class="stack">
      <Switch label={words.devices.lid} on={settings().lid} disabled={!allowed()} onChange={(lid) => set({ lid })} />
      <Switch
        label={words.devices.idle}
        on={settings().idle}
        disabled={!allowed()}
        onChange={(idle) => set({ idle })}
      />
      <label class="switch">
        <span>{words.devices.minutes}</span>
        <input
          type="number"
          min="1"
          max="1440"
          value={settings().idleMinutes}
          disabled={!allowed() || !settings().idle}
          onChange={(event) => setMinutes(event.currentTarget.value)}
        />
      </label>
      <Fault code={act.fault()} />
      <Show when={props.desktop.wanted}>
        <p class="muted" role="status">
          {words.devices.asked}
        </p>
      </Show>
      <Show when={!allowed()}>
        <p class="muted">{words.devices.notAllowed}</p>
      </Show>
    </div>
  );
}
