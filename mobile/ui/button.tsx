import { Show, type JSX } from 'solid-js';
import { Icon, type IconName } from './icon.tsx';

export function Button(props: {
  readonly children: JSX.Element;
  readonly onPress?: () => void;
  readonly kind?: 'main' | 'plain' | 'danger' | 'quiet';
  readonly submit?: boolean;
  readonly busy?: boolean;
  readonly disabled?: boolean;
  /** Says more than the visible word where that stands alone. */
  readonly label?: string;
}): JSX.Element {
  return (
    <button
      type={props.submit ? 'submit' : 'button'}
      class={`button ${props.kind ?? 'plain'}`}
      aria-label={props.label}
      aria-busy={props.busy === true}
      disabled={props.disabled === true || props.busy === true}
      onClick={() => props.onPress?.()}
    >
      {props.children}
    </button>
  );
}

export function IconButton(props: {
  readonly icon: IconName;
  readonly label: string;
  readonly onPress?: () => void;
  readonly submit?: boolean;
  readonly kind?: 'main' | 'plain';
  readonly disabled?: boolean;
  readonly busy?: boolean;
}): JSX.Element {
  return (
    <button
      type={props.submit ? 'submit' : 'button'}
      class={`icon-button ${props.kind ?? 'plain'}`}
      aria-label={props.label}
      title={props.label}
      aria-busy={props.busy === true}
      disabled={props.disabled === true || props.busy === true}
      onClick={() => props.onPress?.()}
    >
      <Show when={props.busy !== true} fallback={<span class="spinner" />}>
        <Icon name={props.icon} />
      </Show>
    </button>
  );
}
