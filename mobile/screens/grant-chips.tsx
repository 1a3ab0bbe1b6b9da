import { createSignal, For, Show, type JSX } from 'solid-js';
import type { Grant } from '../../edge/protocol/grant.ts';
import { withGrant, withoutGrant, type Edits } from '../state/grants.ts';
import { useApp } from '../ui/app.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { visible } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { Switch } from '../ui/switch.tsx';
import type { Words } from '../words/en.ts';

export function grantLabel(grant: Grant, words: Words['composer']): string {
  switch (grant.do) {
    case 'read':
      return words.read(visible(grant.path));
    case 'write':
      return (grant.replace ? words.replace : words.write)(visible(grant.path));
    case 'script':
      return words.script(visible(grant.name));
  }
}

type PathGrant = Exclude<Grant, { do: 'script' }>;
type Editing = { readonly before: Grant | undefined; readonly grant: PathGrant };

/** What a task may touch: guessed from its words, and the owner's to change before it is signed. */
export function GrantChips(props: {
  readonly grants: readonly Grant[];
  readonly edits: Edits;
  readonly onEdit: (edits: Edits) => void;
  /** A script's chip stands for the script itself: without it there is nothing to run. */
  readonly onDropScript: () => void;
}): JSX.Element {
  const { words } = useApp();
  const [editing, setEditing] = createSignal<Editing>();
  const edit = (grant: Grant): void => {
    if (grant.do !== 'script') setEditing({ before: grant, grant });
  };
  function drop(grant: Grant): void {
    if (grant.do === 'script') props.onDropScript();
    else props.onEdit(withoutGrant(props.edits, grant));
  }
  return (
    <div class="grants">
      <ul class="chips" aria-label={words.composer.grants}>
        <For each={props.grants}>
          {(grant) => (
            <li class={`chip ${grant.do}`}>
              <button
                type="button"
                class="chip-name"
                aria-label={words.composer.editGrant(grantLabel(grant, words.composer))}
                onClick={() => edit(grant)}
              >
                <Icon name={grant.do === 'read' ? 'eye' : grant.do === 'write' ? 'pen' : 'script'} />
                <span>{grantLabel(grant, words.composer)}</span>
              </button>
              <button
                type="button"
                class="chip-drop"
                aria-label={words.composer.dropGrant(grantLabel(grant, words.composer))}
                onClick={() => drop(grant)}
              >
                <Icon name="close" />
              </button>
            </li>
          )}
        </For>
        <li>
          <button
            type="button"
            class="chip add"
            onClick={() => setEditing({ before: undefined, grant: { do: 'read', path: '' } })}
          >
            <Icon name="plus" />
            {words.composer.addGrant}
          </button>
        </li>
      </ul>
      <Show when={editing()}>
        {(open) => (
          <GrantEditor
            grant={open().grant}
            onCancel={() => setEditing(undefined)}
            onSave={(grant) => {
              props.onEdit(withGrant(props.edits, open().before, grant));
              setEditing(undefined);
            }}
          />
        )}
      </Show>
    </div>
  );
}

function GrantEditor(props: {
  readonly grant: PathGrant;
  readonly onSave: (grant: PathGrant) => void;
  readonly onCancel: () => void;
}): JSX.Element {
  const { words } = useApp();
  // oxlint-disable-next-line solid/reactivity -- the editor is made anew for each chip
  const { grant } = props;
  const [path, setPath] = createSignal(grant.path);
  const [writes, setWrites] = createSignal(grant.do === 'write');
  const [replace, setReplace] = createSignal(grant.do === 'write' && grant.replace);
  const save = (): void => {
    const clean = path().trim();
    if (clean === '') return props.onCancel();
    props.onSave(writes() ? { do: 'write', path: clean, replace: replace() } : { do: 'read', path: clean });
  };
  return (
    <fieldset class="editor stack">
      <legend>{words.composer.grants}</legend>
      <Field label={words.composer.path} value={path()} onInput={setPath} literal autocomplete="off" maxlength={1024} />
      <div class="segments" role="radiogroup" aria-label={words.composer.grants}>
        <label>
          <input type="radio" name="grant" checked={!writes()} onChange={() => setWrites(false)} />
          <span>{words.composer.mayRead}</span>
        </label>
        <label>
          <input type="radio" name="grant" checked={writes()} onChange={() => setWrites(true)} />
          <span>{words.composer.mayWrite}</span>
        </label>
      </div>
      <Show when={writes()}>
        <Switch label={words.composer.mayReplace} on={replace()} onChange={setReplace} />
      </Show>
      <div class="row end">
        <Button kind="quiet" onPress={() => props.onCancel()}>
          {words.common.cancel}
        </Button>
        <Button kind="main" onPress={save}>
          {words.common.save}
        </Button>
      </div>
    </fieldset>
  );
}
