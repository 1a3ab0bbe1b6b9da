import { createResource, createSignal, Show, type JSX } from 'solid-js';
import { faultCode } from '../link/fault.ts';
import type { Enrolment } from '../link/account.ts';
import { useApp } from '../ui/app.ts';
import { Button } from '../ui/button.tsx';
import { Fault } from '../ui/notice.tsx';
import { Gate } from '../ui/page.tsx';
import { CodeForm } from './code-form.tsx';

/** The second factor is part of signing up: otherwise whoever steals the password enrols it. */
export function Enrol(): JSX.Element {
  const { phone, words } = useApp();
  const [enrolment, { refetch }] = createResource(() => phone.account.enrol());
  const failure = (): unknown => enrolment.error;
  return (
    <Gate title={words.enrol.title} lead={words.enrol.lead}>
      <Show when={failure()}>
        {(error) => (
          <>
            <Fault code={faultCode(error())} />
            <Button onPress={() => void refetch()}>{words.common.retry}</Button>
          </>
        )}
      </Show>
      <Show when={!enrolment.error && enrolment()} fallback={<p class="muted">{words.common.loading}…</p>}>
        {(ready) => (
          <>
            <SecretCard enrolment={ready()} />
            <CodeForm done={words.enrol.done} factorId={ready().factorId} />
          </>
        )}
      </Show>
      <Button kind="quiet" onPress={() => void phone.account.signOut()}>
        {words.factor.otherAccount}
      </Button>
    </Gate>
  );
}

function SecretCard(props: { readonly enrolment: Enrolment }): JSX.Element {
  const { words, around } = useApp();
  const [copied, setCopied] = createSignal(false);
  return (
    <section class="card stack">
      <a class="button main" href={props.enrolment.uri}>
        {words.enrol.open}
      </a>
      <div class="secret">
        <span class="muted">{words.enrol.key}</span>
        <code>{props.enrolment.secret.replace(/(.{4})(?!$)/g, '$1 ')}</code>
        <Button
          onPress={() => {
            void around.copy(props.enrolment.secret).then(() => setCopied(true));
          }}
        >
          {copied() ? words.common.copied : words.common.copy}
        </Button>
      </div>
      <details>
        <summary>{words.enrol.other}</summary>
        <img class="qr" src={props.enrolment.picture} alt={words.enrol.picture} width="200" height="200" />
      </details>
    </section>
  );
}
