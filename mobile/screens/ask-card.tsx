import { createUniqueId, For, Match, Show, Switch, type JSX } from 'solid-js';
import type { Action } from '../../edge/protocol/ask.ts';
import type { AskView, TaskView } from '../state/view.ts';
import { createAct } from '../ui/act.ts';
import { useApp } from '../ui/app.ts';
import { Button } from '../ui/button.tsx';
import { timeWords, visible } from '../ui/format.ts';
import { Fault, Notice } from '../ui/notice.tsx';
import { actionFacts } from './action-facts.ts';

interface AskProps {
  readonly task: TaskView;
  readonly view: AskView;
}

/** A question of the agent: shows the very bytes that an answer signs, and nothing the agent says of them is taken on trust. */
export function AskCard(props: AskProps): JSX.Element {
  const { words, now } = useApp();
  const id = createUniqueId();
  const answered = (): string | undefined => {
    const { answer } = props.view;
    if (!answer) return undefined;
    if (answer.by !== undefined) return words.ask.answered(answer.by, answer.ok);
    return answer.ok ? words.ask.sentYes : words.ask.sentNo;
  };
  const late = (): boolean => props.view.ask.exp * 1000 <= now();
  const over = (): boolean => props.task.standing.is === 'ended' || late();
  return (
    <section
      class="card ask"
      classList={{ high: props.view.ask.high, open: !props.view.answer && !over() }}
      aria-labelledby={id}
    >
      <h3 id={id}>{words.ask.title}</h3>
      <p class="muted">{visible(props.view.ask.why)}</p>
      <Show when={props.view.ask.high}>
        <Notice kind="bad">{words.ask.high}</Notice>
      </Show>
      <Show when={props.view.actions} fallback={<Notice kind="bad">{words.ask.unreadable}</Notice>}>
        {(actions) => <For each={actions()}>{({ action }) => <Facts action={action} />}</For>}
      </Show>
      <Switch fallback={<Answer {...props} />}>
        <Match when={answered()}>{(text) => <p class="answered">{text()}</p>}</Match>
        <Match when={over()}>
          <p class="answered">{late() ? words.ask.expired : words.ask.unanswered}</p>
        </Match>
      </Switch>
    </section>
  );
}

function Facts(props: { readonly action: Action }): JSX.Element {
  const { words } = useApp();
  const shown = () => actionFacts(props.action, words.ask);
  return (
    <div class="facts">
      <strong>{shown().what}</strong>
      <dl>
        <For each={shown().facts}>
          {([name, value]) => (
            <>
              <dt>{name}</dt>
              <dd>
                <bdi>{value}</bdi>
              </dd>
            </>
          )}
        </For>
      </dl>
    </div>
  );
}

function Answer(props: AskProps): JSX.Element {
  const { phone, words, now } = useApp();
  const act = createAct();
  function answer(ok: boolean): void {
    const said = { task: props.task.id, ask: props.view.ask.ask, ok };
    act.run(() => phone.errands.answer(said));
  }
  return (
    <>
      <small class="muted">{words.ask.until(timeWords(props.view.ask.exp * 1000, now()))}</small>
      <Fault code={act.fault()} />
      <Show when={props.view.actions}>
        <div class="row">
          <Button busy={act.busy()} onPress={() => answer(false)}>
            {words.ask.deny}
          </Button>
          <Button kind="main" busy={act.busy()} onPress={() => answer(true)}>
            {words.ask.allow}
          </Button>
        </div>
      </Show>
    </>
  );
}
