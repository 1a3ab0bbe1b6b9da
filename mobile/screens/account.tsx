import { createSignal, onMount, Show, type JSX } from 'solid-js';
import { createAct } from '../ui/act.ts';
import { useApp } from '../ui/app.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { Fault, Notice } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { CodesList } from './codes-list.tsx';
import { createFresh, FreshCode } from './fresh.tsx';
import { SHORTEST_PASSWORD } from './welcome.tsx';

/** E-mail, password and recovery codes: each takes a fresh code of the authenticator. */
export function Account(): JSX.Element {
  const { phone, words, view } = useApp();
  return (
    <Page title={words.account.title} back="/settings">
      <p class="muted">{view().email}</p>
      <RecoveryCodes />
      <Change
        title={words.account.changePassword}
        lead={words.account.passwordLead}
        label={words.account.password}
        type="password"
        done={() => words.account.passwordDone}
        change={(password) => phone.account.changePassword(password)}
      />
      <Change
        title={words.account.changeEmail}
        label={words.account.email}
        type="email"
        done={(email) => words.account.emailDone(email)}
        change={(email) => phone.account.changeEmail(email.trim())}
      />
    </Page>
  );
}

function Change(props: {
  readonly title: string;
  readonly lead?: string;
  readonly label: string;
  readonly type: 'email' | 'password';
  readonly done: (value: string) => string;
  readonly change: (value: string) => Promise<void>;
}): JSX.Element {
  const fresh = createFresh();
  const [value, setValue] = createSignal('');
  const [said, setSaid] = createSignal('');
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const wanted = value();
    const { change, done } = props;
    setSaid('');
    fresh.run(async () => {
      await change(wanted);
      setSaid(done(wanted));
      setValue('');
    });
  }
  return (
    <section class="group" aria-label={props.title}>
      <h2>{props.title}</h2>
      <div class="card stack">
        <form class="stack" onSubmit={submit}>
          <Field
            label={props.label}
            type={props.type}
            autocomplete={props.type === 'password' ? 'new-password' : 'email'}
            required
            literal
            {...(props.type === 'password' ? { minlength: SHORTEST_PASSWORD } : {})}
            value={value()}
            onInput={setValue}
          />
          <Show when={props.lead}>
            <p class="muted">{props.lead}</p>
          </Show>
          <Show when={!fresh.asks()}>
            <Button submit busy={fresh.busy()}>
              {props.title}
            </Button>
          </Show>
        </form>
        <FreshCode fresh={fresh} />
        <div role="status">
          <Show when={said()}>{(words) => <Notice>{words()}</Notice>}</Show>
        </div>
      </div>
    </section>
  );
}

function RecoveryCodes(): JSX.Element {
  const { phone, words, view } = useApp();
  const act = createAct();
  const fresh = createFresh();
  const [codes, setCodes] = createSignal<readonly string[]>();
  onMount(() => act.run(() => phone.codes.look()));
  async function saved(): Promise<void> {
    await phone.codes.settle();
    setCodes(undefined);
  }
  const left = (): string => {
    const count = view().codes.left;
    if (count === undefined) return act.fault() === undefined ? words.common.loading : '';
    return count === 0 ? words.account.codesNone : words.account.codesLeft(count);
  };
  return (
    <section class="group" aria-label={words.account.codes}>
      <h2>{words.account.codes}</h2>
      <div class="card stack">
        <Show
          when={codes()}
          fallback={
            <>
              <p>{words.account.codesLead}</p>
              <p class="muted">
                {left()} <Show when={view().codes.left}>{words.account.codesNewLead}</Show>
              </p>
              <Fault code={act.fault()} />
              <FreshCode fresh={fresh} />
              <Show when={!fresh.asks()}>
                <Button busy={fresh.busy()} onPress={() => fresh.run(async () => setCodes(await phone.codes.make()))}>
                  {words.account.codesNew}
                </Button>
              </Show>
            </>
          }
        >
          {(made) => <CodesList codes={made()} onSaved={() => void saved()} />}
        </Show>
      </div>
    </section>
  );
}
