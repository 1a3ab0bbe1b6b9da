import { For, Show, type JSX } from 'solid-js';
import type { ThreadView } from '../state/view.ts';
import { createAct } from '../ui/act.ts';
import { useApp } from '../ui/app.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { timeWords } from '../ui/format.ts';
import { Fault } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { Composer } from './composer.tsx';
import { DeskLine } from './desk-line.tsx';
import { LineNotice } from './line-notice.tsx';

/** Everything that was sent, newest first, and the place to write. */
export function Threads(): JSX.Element {
  const { words, view, go } = useApp();
  return (
    <Page
      title={words.threads.title}
      sub={<DeskLine />}
      actions={
        <>
          <IconButton icon="devices" label={words.devices.title} onPress={() => go('/devices')} />
          <IconButton icon="settings" label={words.settings.title} onPress={() => go('/settings')} />
        </>
      }
      foot={<Composer onSent={(task) => go(`/t/${task}`)} />}
    >
      <LineNotice />
      <Show when={view().threads.length > 0} fallback={<Empty />}>
        <ul class="threads" aria-label={words.threads.list}>
          <For each={view().threads}>{(thread) => <ThreadRow thread={thread} />}</For>
        </ul>
      </Show>
    </Page>
  );
}

function ThreadRow(props: { readonly thread: ThreadView }): JSX.Element {
  const { words, view, go, now } = useApp();
  const last = () => props.thread.tasks.at(-1);
  const desktop = (): string =>
    view().desktops.find(({ device }) => device.kid === props.thread.desktop)?.device.name ?? words.devices.desktop;
  const path = (): string => `/t/${props.thread.id}`;
  return (
    <li>
      <a
        href={path()}
        class={`card thread-row ${last()?.standing.is ?? ''}`}
        onClick={(event) => {
          event.preventDefault();
          go(path());
        }}
      >
        <strong>{props.thread.title}</strong>
        <Show when={last()}>
          {(task) => (
            <span class="state">
              <i class={`dot ${dotOf(task().standing)}`} aria-hidden="true" />
              {words.standing(task().standing, desktop(), (at) => timeWords(at, now()))}
            </span>
          )}
        </Show>
        <time>{timeWords(props.thread.lastAt, now())}</time>
      </a>
    </li>
  );
}

function dotOf(standing: ThreadView['tasks'][number]['standing']): string {
  return standing.is === 'ended' ? standing.fate : standing.is;
}

function Empty(): JSX.Element {
  const { phone, words, view, go, around } = useApp();
  const act = createAct();
  function send(): void {
    const [desktop] = view().desktops;
    if (!desktop) return;
    void around.notify();
    act.run(async () => {
      const id = await phone.errands.send({
        desktop: desktop.device.kid,
        text: words.threads.sampleText,
        grants: [
          { do: 'read', path: '~/Errand/sample' },
          { do: 'write', path: '~/Errand/summary.docx', replace: true },
        ],
      });
      go(`/t/${id}`);
    });
  }
  return (
    <section class="empty">
      <h2>{words.threads.empty}</h2>
      <p class="lead">{words.threads.emptyLead}</p>
      <div class="card stack sample">
        <p>{words.threads.sampleText}</p>
        <Fault code={act.fault()} />
        <Button kind="main" busy={act.busy()} onPress={send}>
          {words.threads.sample}
        </Button>
      </div>
    </section>
  );
}
