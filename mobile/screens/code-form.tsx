import { createSignal, type JSX } from 'solid-js';
import { createAct } from '../ui/act.ts';
import { useApp } from '../ui/app.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { Fault } from '../ui/notice.tsx';

/** Takes six digits of an authenticator; the sixth sends them. */
export function CodeForm(props: {
  readonly done: string;
  readonly factorId?: string | undefined;
  readonly onVerified?: () => void;
}): JSX.Element {
  const { phone, words } = useApp();
  const [code, setCode] = createSignal('');
  const act = createAct();

  function send(): void {
    const given = code().replace(/\D/g, '');
    const { factorId, onVerified } = props;
    act.run(async () => {
      try {
        await phone.account.verify(given, factorId);
        onVerified?.();
      } finally {
        setCode('');
      }
    });
  }
  function typed(value: string): void {
    setCode(value);
    if (value.replace(/\D/g, '').length === 6) send();
  }
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Field
        label={words.enrol.code}
        inputmode="numeric"
        autocomplete="one-time-code"
        maxlength={7}
        big
        literal
        required
        value={code()}
        onInput={typed}
      />
      <Fault code={act.fault()} />
      <Button kind="main" submit busy={act.busy()}>
        {props.done}
      </Button>
    </form>
  );
}
