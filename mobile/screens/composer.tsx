import { createUniqueId, For, Show, type JSX } from 'solid-js';
import type { ThreadView } from '../state/view.ts';
import { createAct } from '../ui/act.ts';
import { useApp } from '../ui/app.ts';
import { IconButton } from '../ui/button.tsx';
import { sizeWords } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { Fault } from '../ui/notice.tsx';
import { createDraft, MAX_TEXT, type Draft } from './draft.ts';
import { GrantChips } from './grant-chips.tsx';

/** Writes a task: words, what it may touch, one file, for one desktop. */
export function Composer(props: {
  readonly thread?: ThreadView;
  readonly onSent: (task: string) => void;
}): JSX.Element {
  const { words, view, around } = useApp();
  const draft = createDraft(() => props.thread);
  const act = createAct();
  const id = createUniqueId();

  function send(): void {
    if (!draft.ready()) return;
    const isFirst = view().threads.every((thread) => thread.tasks.every((task) => task.from !== undefined));
    // Before anything is awaited: browsers let a page ask only while the tap is fresh.
    if (isFirst) void around.notify();
    const { onSent } = props;
    act.run(async () => onSent(await draft.send()));
  }
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Fault code={act.fault()} />
      <Show when={draft.text() !== '' || draft.script() !== undefined}>
        <GrantChips
          grants={draft.grants()}
          edits={draft.edits()}
          onEdit={draft.setEdits}
          onDropScript={() => draft.setScript(undefined)}
        />
      </Show>
      <Attached draft={draft} />
      <Show when={!props.thread}>
        <DesktopChoice draft={draft} />
      </Show>
      <div class="write">
        <label class="hidden" for={id}>
          {words.composer.label}
        </label>
        <textarea
          id={id}
          rows={1}
          placeholder={props.thread ? words.composer.follow : words.composer.placeholder}
          value={draft.text()}
          onInput={(event) => draft.setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) send();
          }}
        />
        <FilePicker draft={draft} />
        <ScriptPicker draft={draft} />
        <IconButton
          icon="send"
          kind="main"
          submit
          label={words.composer.send}
          disabled={!draft.ready()}
          busy={act.busy()}
        />
      </div>
      <Show when={draft.text().length > MAX_TEXT}>
        <p class="notice bad" role="alert">
          {words.composer.tooLong(draft.text().length - MAX_TEXT)}
        </p>
      </Show>
    </form>
  );
}

function FilePicker(props: { readonly draft: Draft }): JSX.Element {
  const { words } = useApp();
  return (
    <label class="icon-button plain" title={words.composer.attach}>
      <Icon name="attach" />
      <input
        class="hidden"
        type="file"
        aria-label={words.composer.attach}
        onChange={(event) => {
          props.draft.setFile(event.currentTarget.files?.[0]);
          event.currentTarget.value = '';
        }}
      />
    </label>
  );
}

function Attached(props: { readonly draft: Draft }): JSX.Element {
  const { words } = useApp();
  return (
    <Show when={props.draft.file()}>
      {(file) => (
        <div class="chips">
          <span class="chip">
            <span class="chip-name">
              <Icon name="file" />
              <span>{words.composer.attached(file().name, sizeWords(file().size))}</span>
            </span>
            <button
              type="button"
              class="chip-drop"
              aria-label={words.composer.detach(file().name)}
              onClick={() => props.draft.setFile(undefined)}
            >
              <Icon name="close" />
            </button>
          </span>
        </div>
      )}
    </Show>
  );
}

/** Which desktop, where there are several. */
function DesktopChoice(props: { readonly draft: Draft }): JSX.Element {
  const { words, view } = useApp();
  return (
    <Show when={view().desktops.length > 1}>
      <div class="choices">
        <select
          class="small"
          aria-label={words.composer.desktop}
          onChange={(event) => props.draft.setDesktop(event.currentTarget.value)}
        >
          <For each={view().desktops}>
            {({ device }) => (
              <option value={device.kid} selected={device.kid === props.draft.desktop()?.device.kid}>
                {device.name}
              </option>
            )}
          </For>
        </select>
      </div>
    </Show>
  );
}

/** The scripts registered at the chosen desktop, where it has some. */
function ScriptPicker(props: { readonly draft: Draft }): JSX.Element {
  const { words } = useApp();
  const scripts = (): readonly string[] => props.draft.desktop()?.seen?.scripts ?? [];
  return (
    <Show when={scripts().length > 0}>
      <label class="icon-button plain over-select" title={words.composer.scripts}>
        <Icon name="script" />
        <select
          aria-label={words.composer.scripts}
          onChange={(event) => props.draft.setScript(event.currentTarget.value || undefined)}
        >
          <option value="" selected={props.draft.script() === undefined}>
            {words.composer.noScript}
          </option>
          <For each={scripts()}>
            {(name) => (
              <option value={name} selected={props.draft.script() === name}>
                {name}
              </option>
            )}
          </For>
        </select>
      </label>
    </Show>
  );
}
