import type { Event, Happening } from '../../edge/protocol/event.ts';
import type { Notice } from '../control/messages.ts';
import { filesWritten } from '../journal/change.ts';
import type { Journal } from '../journal/journal.ts';
import { readTask } from '../journal/task.ts';

const textOf = (journal: Journal, t: string): string => readTask(journal, t)?.text ?? '';

/** What an attached terminal is told of an event; undefined for what only the phone shows. */
export function noticeOf(journal: Journal, { t, what }: Event): Notice | undefined {
  const text = textOf(journal, t);
  switch (what.kind) {
    case 'state':
      return { say: 'task', t, text, state: what.state };
    case 'ask':
      return { say: 'ask', t, text, ask: what.ask };
    case 'note':
      return { say: 'note', t, text: what.text };
    case 'step':
      return stepNotice(t, what);
    case 'result':
      return { say: 'result', t, text: what.text, files: filesWritten(journal, t).map(({ path }) => path) };
    case 'echo':
    case 'plan':
    case 'answered':
      return undefined;
  }
}

function stepNotice(t: string, { title, state, detail }: Extract<Happening, { kind: 'step' }>): Notice | undefined {
  return state === 'started' ? undefined : { say: 'note', t, text: `${title}: ${detail ?? state}` };
}
