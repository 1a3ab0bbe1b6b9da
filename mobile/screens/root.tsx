import { createSignal, Match, Suspense, Switch, type JSX } from 'solid-js';
import type { PhoneView } from '../state/view.ts';
import { useApp } from '../ui/app.ts';
import type { Route } from '../ui/route.ts';
import { later, UpdateNotice } from './later.tsx';
import { Threads } from './threads.tsx';

// What is needed to send is in the first load, the rest follows.
const Account = later(async () => (await import('./account.tsx')).Account);
const Devices = later(async () => (await import('./devices.tsx')).Devices);
const Enrol = later(async () => (await import('./enrol.tsx')).Enrol);
const Factor = later(async () => (await import('./factor.tsx')).Factor);
const InstallHint = later(async () => (await import('./install-hint.tsx')).InstallHint);
const NewPassword = later(async () => (await import('./new-password.tsx')).NewPassword);
const Pair = later(async () => (await import('./pair.tsx')).Pair);
const Settings = later(async () => (await import('./settings.tsx')).Settings);
const Thread = later(async () => (await import('./thread.tsx')).Thread);
const Welcome = later(async () => (await import('./welcome.tsx')).Welcome);

/** Which screen is due: first an account with both factors, then a desktop, then whatever the address says. */
export function Root(): JSX.Element {
  const { view, around } = useApp();
  const [stay, setStay] = createSignal(false);
  const stage = (is: PhoneView['stage']): boolean => view().stage === is;
  return (
    <>
      <UpdateNotice />
      <Suspense>
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
          <Match when={stage('renew')}>
            <NewPassword />
          </Match>
          <Match when={stage('ready')}>
            <Ready />
          </Match>
        </Switch>
      </Suspense>
    </>
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
      <Match when={at('account')}>
        <Account />
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
