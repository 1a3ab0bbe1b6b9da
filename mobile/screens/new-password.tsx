import { createSignal, Show, type JSX } from 'solid-js';
import { useApp } from '../ui/app.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { Gate } from '../ui/page.tsx';
import { createFresh, FreshCode } from './fresh.tsx';
import { SHORTEST_PASSWORD } from './welcome.tsx';

/** A code stood in for the forgotten password: the next sign-in needs one again. */
export function NewPassword(): JSX.Element {
  const { phone, words } = useApp();
  const fresh = createFresh();
  const [password, setPassword] = createSignal('');
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const chosen = password();
    fresh.run(() => phone.account.changePassword(chosen));
  }
  return (
    <Gate title={words.account.renewTitle} lead={words.account.renewLead}>
      <form class="stack" onSubmit={submit}>
        <Field
          label={words.account.password}
          type="password"
          autocomplete="new-password"
          required
          minlength={SHORTEST_PASSWORD}
          hint={words.welcome.passwordHint}
          value={password()}
          onInput={setPassword}
        />
        <Show when={!fresh.asks()}>
          <Button kind="main" submit busy={fresh.busy()}>
            {words.account.changePassword}
          </Button>
        </Show>
      </form>
      <FreshCode fresh={fresh} />
      <Button kind="quiet" onPress={() => void phone.account.signOut()}>
        {words.factor.otherAccount}
      </Button>
    </Gate>
  );
}
