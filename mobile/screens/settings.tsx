import { createSignal, Show, type JSX } from 'solid-js';
import { createAct } from '../ui/act.ts';
import { useApp } from '../ui/app.ts';
import { Button } from '../ui/button.tsx';
import { Fault } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';

/** The account on this phone. */
export function Settings(): JSX.Element {
  const { phone, words, view, go, around } = useApp();
  const act = createAct();
  const [sure, setSure] = createSignal(false);
  const leave = (work: () => Promise<void>): void =>
    act.run(async () => {
      await work();
      go('/');
    });
  async function forget(): Promise<void> {
    await phone.account.forget();
    around.forgotten();
  }
  return (
    <Page title={words.settings.title} back="/">
      <section class="group" aria-label={words.settings.account}>
        <h2>{words.settings.account}</h2>
        <div class="card stack">
          <strong>{view().email}</strong>
          <Button onPress={() => go('/account')}>{words.account.open}</Button>
          <p class="muted">{words.settings.signOutLead}</p>
          <Button busy={act.busy()} onPress={() => leave(() => phone.account.signOut())}>
            {words.settings.signOut}
          </Button>
        </div>
      </section>
      <section class="group" aria-label={words.settings.thisPhone}>
        <h2>{words.settings.thisPhone}</h2>
        <div class="card stack">
          <Show when={view().me}>
            {(me) => (
              <div>
                <strong>{me().name}</strong>
                <p class="muted">
                  {words.settings.key} <code>{me().kid.slice(0, 16)}</code>
                </p>
              </div>
            )}
          </Show>
          <Show
            when={sure()}
            fallback={
              <Button kind="danger" onPress={() => setSure(true)}>
                {words.settings.forget}
              </Button>
            }
          >
            <p>{words.settings.forgetSure}</p>
            <div class="row end">
              <Button kind="quiet" onPress={() => setSure(false)}>
                {words.common.cancel}
              </Button>
              <Button kind="danger" busy={act.busy()} onPress={() => leave(forget)}>
                {words.settings.forget}
              </Button>
            </div>
          </Show>
        </div>
      </section>
      <Fault code={act.fault()} />
    </Page>
  );
}
