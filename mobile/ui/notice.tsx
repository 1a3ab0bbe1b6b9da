import { Show, type JSX } from 'solid-js';
import type { FaultCode } from '../link/fault.ts';
import { useApp } from './app.ts';

/** What went wrong, in words. Announced when it appears. */
export function Fault(props: { readonly code: FaultCode | undefined }): JSX.Element {
  const { words } = useApp();
  return (
    <div role="alert">
      <Show when={props.code}>{(code) => <p class="notice bad">{words.faults(code())}</p>}</Show>
    </div>
  );
}

export function Notice(props: { readonly children: JSX.Element; readonly kind?: 'calm' | 'bad' }): JSX.Element {
  return <p class={`notice ${props.kind ?? 'calm'}`}>{props.children}</p>;
}
