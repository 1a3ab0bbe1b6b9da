import { createSignal, Show, type JSX } from 'solid-js';
import { createAct } from '../ui/act.ts';
import { useApp } from '../ui/app.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { Fault, Notice } from '../ui/notice.tsx';
import { Gate } from '../ui/page.tsx';
import { Reset } from './reset.tsx';

export const SHORTEST_PASSWORD = 10;

/** Sign up, or in. */
export function Welcome(): JSX.Element {
  const { phone, words, view, around } = useApp();
  // A phone with keys, or with a session that ended, signed in before; so did one whose data are gone.
  const [known, setKnown] = createSignal(view().me !== undefined || view().email !== '' || around.lost());
  // Whose session ended here without that person's doing.
  const [email, setEmail] = createSignal(view().email);
  const [forgot, setForgot] = createSignal(false);
  const [password, setPassword] = createSignal('');
  const act = createAct();

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const credentials = { email: email().trim(), password: password() };
    const enter = known() ? phone.account.signIn : phone.account.signUp;
    act.run(() => enter(credentials));
  }
  return (
    <Show when={!forgot()} fallback={<Reset email={email()} onBack={() => setForgot(false)} />}>
      <Gate title={words.welcome.title} lead={words.welcome.lead}>
        <Show when={view().email}>
          <Notice>{words.account.over}</Notice>
        </Show>
        <Show when={around.lost()}>
          <Notice kind="bad">{words.account.gone}</Notice>
        </Show>
        <Show when={view().link}>
          <Notice>{words.welcome.linked}</Notice>
        </Show>
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
          <Field
            label={words.welcome.password}
            type="password"
            autocomplete={known() ? 'current-password' : 'new-password'}
            required
            {...(known() ? {} : { minlength: SHORTEST_PASSWORD, hint: words.welcome.passwordHint })}
            value={password()}
            onInput={setPassword}
          />
          <Fault code={act.fault()} />
          <Button kind="main" submit busy={act.busy()}>
            {known() ? words.welcome.signIn : words.welcome.signUp}
          </Button>
          <Button
            kind="quiet"
            onPress={() => {
              act.clear();
              setKnown(!known());
            }}
          >
            {known() ? words.welcome.toSignUp : words.welcome.toSignIn}
          </Button>
          <Show when={known()}>
            <Button kind="quiet" onPress={() => setForgot(true)}>
              {words.account.forgot}
            </Button>
          </Show>
        </form>
      </Gate>
    </Show>
  );
}
