import { For, Match, Switch, type JSX } from 'solid-js';
import { blocksOf, runsOf, type Block } from '../ui/rich-text.ts';

/** An answer's words, laid out for reading, and inert. */
export function Answer(props: { readonly text: string }): JSX.Element {
  return (
    <div class="answer">
      <For each={blocksOf(props.text)}>{(block) => <Part block={block} />}</For>
    </div>
  );
}

function Part(props: { readonly block: Block }): JSX.Element {
  return (
    <Switch
      fallback={
        <p>
          <Words text={props.block.text} />
        </p>
      }
    >
      <Match when={props.block.is === 'heading'}>
        <h4>
          <Words text={props.block.text} />
        </h4>
      </Match>
      <Match when={props.block.is === 'code'}>
        <pre>{props.block.text}</pre>
      </Match>
      <Match when={props.block.is === 'item' && props.block}>
        {(item) => (
          <p class="item">
            <span>{item().mark}</span>
            <span>
              <Words text={item().text} />
            </span>
          </p>
        )}
      </Match>
    </Switch>
  );
}

function Words(props: { readonly text: string }): JSX.Element {
  return (
    <For each={runsOf(props.text)}>
      {({ style, text }) => (
        <Switch fallback={text}>
          <Match when={style === 'strong'}>
            <strong>{text}</strong>
          </Match>
          <Match when={style === 'code'}>
            <code>{text}</code>
          </Match>
        </Switch>
      )}
    </For>
  );
}
