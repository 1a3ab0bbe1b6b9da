import { createEffect, Index, Show, type JSX } from 'solid-js';
import { useApp } from '../ui/app.ts';
import { followEnd } from '../ui/follow-end.ts';
import { Page } from '../ui/page.tsx';
import { Composer } from './composer.tsx';
import { DeskLine } from './desk-line.tsx';
import { LineNotice } from './line-notice.tsx';
import { TaskCard } from './task-card.tsx';

/** One thread. `id` names the thread or any task in it, because notifications link to tasks. */
export function Thread(props: { readonly id: string }): JSX.Element {
  const { words, view } = useApp();
  const thread = () =>
    view().threads.find(({ id, tasks }) => id === props.id || tasks.some((task) => task.id === props.id));
  const desktop = () => view().desktops.find(({ device }) => device.kid === thread()?.desktop);
  const end = followEnd(window);
  createEffect(() => {
    if (thread()) end.grew();
  });
  return (
    <Show
      when={thread()}
      fallback={
        <Page title={words.threads.title} back="/">
          <p class="lead center">{words.thread.notFound}</p>
        </Page>
      }
    >
      {(open) => (
        <Page
          title={desktop()?.device.name ?? words.devices.desktop}
          back="/"
          sub={<DeskLine only={open().desktop} />}
          foot={
            <Show when={desktop()}>
              <Composer thread={open()} onSent={() => end.wrote()} />
            </Show>
          }
        >
          <LineNotice />
          <div class="tasks">
            <Index each={open().tasks}>{(task) => <TaskCard task={task()} desktop={desktop()} />}</Index>
          </div>
        </Page>
      )}
    </Show>
  );
}
