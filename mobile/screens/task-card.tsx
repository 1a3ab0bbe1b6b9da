import { For, Index, Show, type JSX } from 'solid-js';
import { reachOf } from '../state/reach.ts';
import type { DesktopView, TaskView } from '../state/view.ts';
import { createAct } from '../ui/act.ts';
import { useApp } from '../ui/app.ts';
import { Button } from '../ui/button.tsx';
import type { Words } from '../words/en.ts';
import { timeWords } from '../ui/format.ts';
import { Fault, Notice } from '../ui/notice.tsx';
import { AskCard } from './ask-card.tsx';
import { grantLabel } from './grant-chips.tsx';
import { ResultCard } from './result-card.tsx';
import { Steps } from './steps.tsx';

interface TaskProps {
  readonly task: TaskView;
  readonly desktop: DesktopView | undefined;
}

/** What was asked, what happened, and how it ended. */
export function TaskCard(props: TaskProps): JSX.Element {
  const { words } = useApp();
  return (
    <article class="task" aria-label={props.task.text}>
      <Asked task={props.task} />
      <Progress {...props} />
      <Show when={props.task.plan.length > 0}>
        <section class="plan" aria-label={words.thread.plan}>
          <ol>
            <For each={props.task.plan}>{(item) => <li>{item}</li>}</For>
          </ol>
        </section>
      </Show>
      <Steps steps={props.task.steps} />
      <For each={props.task.notes}>{(note) => <p class="note">{note}</p>}</For>
      <Show when={props.task.live}>
        {(text) => (
          <p class="live" aria-label={words.thread.live}>
            {text()}
          </p>
        )}
      </Show>
      <Index each={props.task.asks}>{(ask) => <AskCard task={props.task} view={ask()} />}</Index>
      <Show when={props.task.result}>{(result) => <ResultCard result={result()} />}</Show>
      <Doubts task={props.task} />
      <Controls task={props.task} />
    </article>
  );
}

function Asked(props: { readonly task: TaskView }): JSX.Element {
  const { words, now } = useApp();
  return (
    <div class="asked">
      <Show when={props.task.from}>{(name) => <small>{words.thread.from(name())}</small>}</Show>
      <p>{props.task.text}</p>
      <Show when={props.task.grants.length + props.task.files.length > 0}>
        <ul class="marks">
          <For each={props.task.grants}>{(grant) => <li>{grantLabel(grant, words.composer)}</li>}</For>
          <For each={props.task.files}>{(name) => <li>{`${words.thread.files}: ${name}`}</li>}</For>
        </ul>
      </Show>
      <time>{timeWords(props.task.at, now())}</time>
    </div>
  );
}

/** Where it is, and while nothing moves, what it waits for. */
function Progress(props: TaskProps): JSX.Element {
  const { words, view, now } = useApp();
  const name = (): string => props.desktop?.device.name ?? words.devices.desktop;
  const waits = (): boolean => ['relay', 'received', 'queued'].includes(props.task.standing.is);
  /** What keeps it on this phone. */
  const held = (): string | undefined => {
    const { line } = view();
    if (props.task.standing.is !== 'here' || line.is === 'reached') return undefined;
    return line.is === 'refused' ? words.faults(line.why) : words.thread.held;
  };
  const reach = () => props.desktop && reachOf(props.desktop, now());
  const waiting = (): string | undefined => {
    const at = waits() ? reach() : undefined;
    if (!at || at.is === 'here') return undefined;
    if (at.is === 'never') return words.thread.waitingNever(name());
    const when = timeWords(at.since, now());
    return at.is === 'quiet'
      ? words.thread.waiting(name(), when)
      : words.thread.waitingWhy(
          name(),
          words.reach(at, () => when),
        );
  };
  return (
    <div class="progress" role="status">
      <p class="state">
        <i class={`dot ${dotOf(props.task)}`} aria-hidden="true" />
        {props.task.cancelling
          ? words.thread.cancelling
          : words.standing(props.task.standing, name(), (at) => timeWords(at, now()))}
      </p>
      <Show when={held()}>{(line) => <p class="muted">{line()}</p>}</Show>
      <Show when={reasonOf(props.task, words, name())}>{(why) => <p class="muted">{why()}</p>}</Show>
      <Show when={waiting()}>{(line) => <p class="muted">{line()}</p>}</Show>
    </div>
  );
}

const dotOf = ({ standing }: TaskView): string => (standing.is === 'ended' ? standing.fate : standing.is);

function reasonOf({ standing, have }: TaskView, words: Words, desktop: string): string | undefined {
  if (standing.is === 'unsent') return words.unsent(standing.why);
  if (standing.is !== 'ended') return undefined;
  return standing.fate === 'expired' && have === 0 ? words.thread.neverFetched(desktop) : standing.why;
}

/** It did not do what was asked, and certainly does not do it any more. */
function isOver({ standing }: TaskView): boolean {
  if (standing.is === 'ended') return ['failed', 'refused', 'cancelled', 'expired'].includes(standing.fate);
  // What is too large would be too large again.
  return standing.is === 'withdrawn' || (standing.is === 'unsent' && standing.why !== 'body.too-large');
}

/** What this phone cannot vouch for. */
function Doubts(props: { readonly task: TaskView }): JSX.Element {
  const { words } = useApp();
  return (
    <>
      <Show when={props.task.chain === 'gap'}>
        <Notice>{words.thread.gap}</Notice>
      </Show>
      <Show when={props.task.chain === 'altered'}>
        <Notice kind="bad">{words.thread.altered}</Notice>
      </Show>
      <Show when={props.task.newer}>
        <Notice>{words.thread.newer}</Notice>
      </Show>
    </>
  );
}

function Controls(props: { readonly task: TaskView }): JSX.Element {
  const { phone, words, view, go } = useApp();
  const act = createAct();
  const standing = () => props.task.standing.is;
  async function again(id: string): Promise<void> {
    const { thread } = props.task;
    const sent = await phone.errands.again(id);
    // It began a thread of its own, because its old one is empty now.
    if (!view().threads.some((each) => each.id === thread)) go(`/t/${sent}`, 'instead');
  }
  function run(work: (id: string) => Promise<void>): void {
    const { id } = props.task;
    act.run(() => work(id));
  }
  const mayWithdraw = (): boolean => props.task.from === undefined && ['here', 'relay'].includes(standing());
  const mayCancel = (): boolean =>
    ['received', 'queued', 'running', 'waiting', 'parked'].includes(standing()) && !props.task.cancelling;
  const maySendAgain = (): boolean => props.task.from === undefined && isOver(props.task);
  return (
    <Show when={mayWithdraw() || mayCancel() || maySendAgain()}>
      <div class="row end">
        <Fault code={act.fault()} />
        <Show when={mayWithdraw()}>
          <Button busy={act.busy()} onPress={() => run(phone.errands.withdraw)}>
            {words.thread.withdraw}
          </Button>
        </Show>
        <Show when={maySendAgain()}>
          <Button busy={act.busy()} onPress={() => run(again)}>
            {words.thread.again}
          </Button>
        </Show>
        <Show when={mayCancel()}>
          <Button busy={act.busy()} onPress={() => run(phone.errands.cancel)}>
            {words.thread.cancel}
          </Button>
        </Show>
      </div>
    </Show>
  );
}
