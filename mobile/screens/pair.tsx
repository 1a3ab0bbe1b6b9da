import { createSignal, Match, Show, Switch, type JSX } from 'solid-js';
import { useApp } from '../ui/app.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { Fault, Notice } from '../ui/notice.tsx';
import { Gate } from '../ui/page.tsx';
import type { PairingView } from '../state/view.ts';
import { later } from './later.tsx';

const Scanner = later(async () => (await import('./scanner.tsx')).Scanner);

type At<K extends PairingView['is']> = Extract<PairingView, { is: K }>;

/** Connects a desktop: a link or code, six digits to compare, and Allow at the desk. */
export function Pair(): JSX.Element {
  const { words, view } = useApp();
  const at = <K extends PairingView['is']>(is: K): At<K> | undefined => {
    const pairing = view().pairing;
    return isAt(pairing, is) ? pairing : undefined;
  };
  return (
    <Switch fallback={<CodeEntry />}>
      <Match when={at('looking')}>
        <Gate title={words.pair.title}>
          <p class="muted" role="status">
            {words.pair.looking}
          </p>
        </Gate>
      </Match>
      <Match when={at('compare')}>{(pairing) => <Compare pairing={pairing()} />}</Match>
      <Match when={at('paired')}>{(pairing) => <Paired pairing={pairing()} />}</Match>
    </Switch>
  );
}

const isAt = <K extends PairingView['is']>(pairing: PairingView, is: K): pairing is At<K> => pairing.is === is;

function CodeEntry(): JSX.Element {
  const { phone, words, view, go, around } = useApp();
  const [code, setCode] = createSignal('');
  const [scanning, setScanning] = createSignal(false);
  const fault = (): At<'failed'>['why'] | undefined => {
    const pairing = view().pairing;
    return pairing.is === 'failed' ? pairing.why : undefined;
  };
  return (
    <Gate title={words.pair.title}>
      <Show when={around.lost()}>
        <Notice>{words.pair.lost}</Notice>
      </Show>
      <p class="lead">
        {words.pair.lead} <code>{words.pair.command}</code> {words.pair.scan}
      </p>
      <Show when={scanning()}>
        <Scanner onCode={(link) => void phone.pairing.open(link)} />
      </Show>
      <Button kind={scanning() ? 'quiet' : 'main'} onPress={() => setScanning(!scanning())}>
        {scanning() ? words.pair.scannerOff : words.pair.scanner}
      </Button>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void phone.pairing.open(code());
        }}
      >
        <Field
          label={words.pair.code}
          value={code()}
          onInput={setCode}
          autocomplete="off"
          literal
          required
          hint="K7QM-…"
        />
        <Fault code={fault()} />
        <Button submit>{words.pair.connect}</Button>
        <Show when={view().desktops.length > 0} fallback={<SignOut />}>
          <Button kind="quiet" onPress={() => go('/')}>
            {words.common.cancel}
          </Button>
        </Show>
      </form>
    </Gate>
  );
}

function SignOut(): JSX.Element {
  const { words, go } = useApp();
  return (
    <Button kind="quiet" onPress={() => go('/settings')}>
      {words.settings.title}
    </Button>
  );
}

function Compare(props: { readonly pairing: At<'compare'> }): JSX.Element {
  const { phone, words } = useApp();
  return (
    <Gate title={words.pair.compare(props.pairing.desktop)} lead={words.pair.compareLead}>
      <output class="digits" aria-label={words.pair.digits}>
        {props.pairing.digits}
      </output>
      <p class="muted waiting" role="status">
        <span class="spinner" aria-hidden="true" />
        {words.pair.waiting(props.pairing.desktop)}
      </p>
      <Button kind="quiet" onPress={() => void phone.pairing.cancel()}>
        {words.common.cancel}
      </Button>
    </Gate>
  );
}

function Paired(props: { readonly pairing: At<'paired'> }): JSX.Element {
  const { phone, words, go } = useApp();
  return (
    <Gate title={words.pair.paired(props.pairing.desktop)}>
      <Button
        kind="main"
        onPress={() => {
          void phone.pairing.cancel();
          go('/');
        }}
      >
        {words.pair.start}
      </Button>
    </Gate>
  );
}
