import { createUniqueId, Show, type JSX } from 'solid-js';

export function Field(props: {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly type?: 'text' | 'email' | 'password' | 'number';
  readonly autocomplete?: string;
  readonly inputmode?: 'numeric' | 'email' | 'text';
  readonly hint?: string;
  readonly required?: boolean;
  readonly minlength?: number;
  readonly maxlength?: number;
  readonly big?: boolean;
  readonly literal?: boolean;
}): JSX.Element {
  const id = createUniqueId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <input
        id={id}
        classList={{ big: props.big === true }}
        type={props.type ?? 'text'}
        value={props.value}
        autocomplete={props.autocomplete}
        inputmode={props.inputmode}
        required={props.required}
        minlength={props.minlength}
        maxlength={props.maxlength}
        aria-describedby={props.hint === undefined ? undefined : `${id}-hint`}
        autocapitalize={props.literal ? 'none' : undefined}
        autocorrect={props.literal ? 'off' : undefined}
        spellcheck={!props.literal}
        onInput={(event) => props.onInput(event.currentTarget.value)}
      />
      <Show when={props.hint}>
        <small id={`${id}-hint`}>{props.hint}</small>
      </Show>
    </div>
  );
}
