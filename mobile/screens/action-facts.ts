import type { Action } from '../../edge/protocol/ask.ts';
import { sizeWords, visible } from '../ui/format.ts';
import type { Words } from '../words/en.ts';

export interface ActionFacts {
  readonly what: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
}

type State = Extract<Action['act'], { sink: 'write' }>['after'];

const fileWords = (state: State): string => `${sizeWords(state.size)}, ${state.sha256.slice(0, 12)}…`;

/**
 * An action in this app's own fixed words, from the decoded bytes and nothing else. Every member is shown, and every character
 * of it can be seen.
 */
export function actionFacts(action: Action, words: Words['ask']): ActionFacts {
  const { act } = action;
  switch (act.sink) {
    case 'read':
      return { what: words.read, facts: [[words.path, visible(act.path)]] };
    case 'write':
      return {
        what: act.before ? words.replace : words.create,
        facts: [
          [words.path, visible(act.path)],
          ...(act.before ? [factOf(words.before, fileWords(act.before))] : []),
          factOf(words.after, fileWords(act.after)),
        ],
      };
    case 'script':
      return {
        what: `${words.script} “${visible(act.name)}”`,
        facts: [
          [words.command, act.argv.map((arg) => JSON.stringify(visible(arg))).join(' ')],
          [words.folder, visible(act.cwd)],
          [words.hash, act.sha256],
        ],
      };
    case 'repeat':
      return {
        what: words.repeat,
        facts: [
          [words.tool, visible(act.tool)],
          [words.about, visible(act.about)],
        ],
      };
  }
}

const factOf = (name: string, value: string): readonly [string, string] => [name, value];
