import { createSignal, type JSX } from 'solid-js';
import { createAct } from '../ui/act.ts';
import { useApp } from '../ui/app.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { Fault } from '../ui/notice.tsx';
import { Gate } from '../ui/page.tsx';
import { SHORTEST_PASSWORD } from './welcome.tsx';

/** Signed in with the password, and the authenticator is gone: a recovery code stands in for it, once. */
export function LostFactor(props: { readonly onBack: () => void }): JSX.Element {
  const { phone, words, view } = useApp();
  const act = createAct();
  const [code, setCode] = createSignal('');
  const [password, setPassword] = createSignal('');
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const recovery = { email: view().email, code: code(), password: password() };
    act.run(() => phone.account.recover(recovery));
  }
  return (
    <Gate title={words.account.lostTitle} lead={words.account.lostLead}>
      <form class="stack" onSubmit={submit}>
        <Field label={words.account.code} autocomplete="off" literal required value={code()} onInput={setCode} />
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
        <Fault code={act.fault()} />
        <Button kind="main" submit busy={act.busy()}>
          {words.account.recover}
        </Button>
        <Button kind="quiet" onPress={() => props.onBack()}>
          {words.account.back}
        </Button>
      </form>
      <p class="muted">
        {words.account.noCodes} <code>{`${words.account.noCodesCommand} ${view().email}`}</code>
      </p>
    </Gate>
  );
}
