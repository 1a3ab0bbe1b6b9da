import { createSignal, Show, type JSX } from 'solid-js';
import { createAct } from '../ui/act.ts';
import { useApp } from '../ui/app.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { Fault, Notice } from '../ui/notice.tsx';
import { Gate } from '../ui/page.tsx';

/** The password is forgotten: a code stands in for it, once. The second factor is asked for all the same. */
export function Reset(props: { readonly email: string; readonly onBack: () => void }): JSX.Element {
  const { phone, words } = useApp();
  const act = createAct();
  // oxlint-disable-next-line solid/reactivity -- what was typed before is where this form begins
  const [email, setEmail] = createSignal(props.email);
  const [code, setCode] = createSignal('');
  const [asked, setAsked] = createSignal(false);
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const reset = { email: email().trim(), code: code() };
    const isAsked = asked();
    act.run(async () => {
      await (isAsked ? phone.account.enterReset(reset) : phone.account.askReset(reset.email));
      setAsked(true);
    });
  }
  return (
    <Gate title={words.account.resetTitle}>
      <p class="lead">
        {words.account.resetLead} <code>{`${words.account.noCodesCommand} ${email() || words.welcome.email}`}</code>.
      </p>
      <form class="stack" onSubmit={submit}>
        <Field
          label={words.welcome.email}
          type="email"
          inputmode="email"
          autocomplete="username"
          literal
          required
          value={email()}
          onInput={setEmail}
        />
        <Show when={asked()}>
          <Notice>{words.account.resetAsked}</Notice>
          <Field
            label={words.account.resetCode}
            autocomplete="one-time-code"
            literal
            required
            value={code()}
            onInput={setCode}
          />
        </Show>
        <Fault code={act.fault()} />
        <Button kind="main" submit busy={act.busy()}>
          {asked() ? words.account.resetDone : words.account.resetAsk}
        </Button>
        <Button kind="quiet" onPress={() => props.onBack()}>
          {words.account.back}
        </Button>
      </form>
    </Gate>
  );
}
