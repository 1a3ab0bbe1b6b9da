import { createSignal, Show, type Accessor, type JSX } from 'solid-js';
import type { FaultCode } from '../link/fault.ts';
import { createAct } from '../ui/act.ts';
import { useApp } from '../ui/app.ts';
import { Fault } from '../ui/notice.tsx';
import { CodeForm } from './code-form.tsx';

/** Something that takes a code of the authenticator entered lately: asked for when it is missing, and then done. */
export interface Fresh {
  readonly busy: Accessor<boolean>;
  readonly fault: Accessor<FaultCode | undefined>;
  /** The code is asked for now. */
  readonly asks: Accessor<boolean>;
  readonly run: (work: () => Promise<unknown>) => void;
  readonly again: () => void;
}

export function createFresh(): Fresh {
  const act = createAct();
  const [waiting, setWaiting] = createSignal<() => Promise<unknown>>();
  const run = (work: () => Promise<unknown>): void => {
    setWaiting(() => work);
    act.run(work);
  };
  const asks = (): boolean => act.fault() === 'auth.fresh-factor';
  return {
    busy: act.busy,
    fault: () => (asks() ? undefined : act.fault()),
    asks,
    run,
    again: () => {
      const work = waiting();
      if (work) run(work);
    },
  };
}

/** What went wrong, or the question for the code. Not to be put inside a form: it has one of its own. */
export function FreshCode(props: { readonly fresh: Fresh }): JSX.Element {
  const { words } = useApp();
  return (
    <>
      <Fault code={props.fresh.fault()} />
      <Show when={props.fresh.asks()}>
        <p>{words.account.fresh}</p>
        <CodeForm done={words.account.freshDone} onVerified={() => props.fresh.again()} />
      </Show>
    </>
  );
}
