import { createSignal, Match, Switch, type JSX } from 'solid-js';
import type { PhoneView } from '../state/view.ts';
import { useApp } from '../ui/app.ts';
import type { Route } from '../ui/route.ts';
import { Devices } from './devices.tsx';
import { Enrol } from './enrol.tsx';
import { Factor } from './factor.tsx';
import { InstallHint } from './install-hint.tsx';
import { Pair } from './pair.tsx';
import { Settings } from './settings.tsx';
import { Thread } from './thread.tsx';
import { Threads } from './threads.tsx';
import { Welcome } from './welcome.tsx';

/** Which screen is due: first an account with both factors, then a desktop, then whatever the address says. */
export function Root(): JSX.Element {
  const { view, around } = useApp();
  const [stay, setStay] = createSignal(false);
  const stage = (is: PhoneView['stage']): boolean => view().stage === is;
  return (
    <Switch>
      <Match when={stage('signed-out') && around.installFirst && !stay()}>
        <InstallHint onStay={() => setStay(true)} />
      </Match>
      <Match when={stage('signed-out')}>
        <Welcome />
      </Match>
      <Match when={stage('enrol')}>
        <Enrol />
      </Match>
      <Match when={stage('factor')}>
        <Factor />
      </Match>
      <Match when={stage('ready')}>
        <Ready />
      </Match>
    </Switch>
  );
}

function Ready(): JSX.Element {
  const { view, route } = useApp();
  const at = (is: Route['at']): boolean => route().at === is;
  const threadId = (): string | undefined => {
    const here = route();
    return here.at === 'thread' ? here.id : undefined;
  };
  const pairs = (): boolean => {
    const { pairing, desktops } = view();
    return at('pair') || desktops.length === 0 || !['none', 'failed'].includes(pairing.is);
  };
  return (
    <Switch fallback={<Threads />}>
      <Match when={at('settings')}>
        <Settings />
      </Match>
      <Match when={pairs()}>
        <Pair />
      </Match>
      <Match when={at('devices')}>
        <Devices />
      </Match>
      <Match when={threadId()}>{(id) => <Thread id={id()} />}</Match>
    </Switch>
  );
}
