import { createEffect, Index, Show, type Accessor, type JSX } from 'solid-js';
import type { ThreadView } from '../state/view.ts';
import { successorOf } from '../state/successor.ts';
import { useApp } from '../ui/app.ts';
import { followEnd } from '../ui/follow-end.ts';
import { Notice } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { CodesCard } from './codes-card.tsx';
import { Composer } from './composer.tsx';
import { DeskLine } from './desk-line.tsx';
import { LineNotice } from './line-notice.tsx';
import { TaskCard } from './task-card.tsx';

/** One thread. `id` names the thread or any task in it, because notifications link to tasks. */
export function Thread(props: { readonly id: string }): JSX.Element {
  const { words, view } = useApp();
  const thread = () =>
    view().threads.find(({ id, tasks }) => id === props.id || tasks.some((task) => task.id === props.id));
  return (
    <Show
      keyed
      when={thread()?.id}
      fallback={
        <Page title={words.threads.title} back="/">
          <p class="lead center">{words.thread.notFound}</p>
        </Page>
      }
    >
      {/* Made anew for each thread: what is being written belongs to one. */}
      {(id) => <Show when={view().threads.find((each) => each.id === id)}>{(open) => <Open thread={open} />}</Show>}
    </Show>
  );
}

function Open(props: { readonly thread: Accessor<ThreadView> }): JSX.Element {
  const { words, view, go } = useApp();
  const thread = (): ThreadView => props.thread();
  const desktop = () => view().desktops.find(({ device }) => device.kid === thread().desktop);
  const end = followEnd(window);
  createEffect(() => {
    if (thread().tasks.length > 0) end.grew();
  });
  function sent(id: string): void {
    end.wrote();
    // A thread whose first task never left this phone cannot be gone on with: the new one began its own.
    if (!thread().tasks.some((task) => task.id === id)) go(`/t/${id}`);
  }
  return (
    <Page
      title={desktop()?.device.name ?? words.devices.desktop}
      back="/"
      sub={<DeskLine only={thread().desktop} />}
      foot={
        <Show when={desktop()}>
          <Composer thread={thread()} onSent={sent} />
        </Show>
      }
    >
      <LineNotice only={thread().desktop} />
      <Elsewhere thread={thread()} />
      <div class="tasks">
        <Index each={thread().tasks}>{(task) => <TaskCard task={task()} desktop={desktop()} />}</Index>
      </div>
      <CodesCard />
    </Page>
  );
}

/** Says where new errands go, when the desktop of this thread is gone, or seems to be. */
function Elsewhere(props: { readonly thread: ThreadView }): JSX.Element {
  const { words, view, now } = useApp();
  const line = (): string | undefined => {
    const { desktops } = view();
    const mine = desktops.find(({ device }) => device.kid === props.thread.desktop);
    if (!mine) return words.thread.gone(desktops.find(({ dropped }) => dropped === undefined)?.device.name);
    const next = successorOf(mine, desktops, now());
    return next && words.thread.successor(next.device.name);
  };
  return <Show when={line()}>{(said) => <Notice>{said()}</Notice>}</Show>;
}
