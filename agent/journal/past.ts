import { Buffer } from 'node:buffer';
import type { Down } from '../../edge/protocol/down.ts';
import { MAX_LIFE } from '../../edge/protocol/envelope.ts';
import { missingEvents, redraftEvent, type Asked, type Missing } from './event.ts';
import type { Journal } from './journal.ts';
import { addDraft, PAGE_BYTES } from './outbox.ts';

/** As it stands in a body: a text in JSON. */
const bytesOf = ({ json }: Missing): number => Buffer.byteLength(JSON.stringify(json)) + 1;

/**
 * Answers a phone that has little or nothing with pages of the past: thousands of tasks are hundreds of envelopes then, not tens of
 * thousands, and what happens meanwhile does not wait long behind them.
 */
export function draftPast(journal: Journal, asked: Asked): void {
  const { kid, range } = asked;
  journal.write(() => {
    pagesOf(missingEvents(journal, asked)).forEach((page, index) => {
      const [only, ...others] = page;
      if (only && others.length === 0) return redraftEvent(journal, only, kid);
      const down: Down = { kind: 'past', events: page.map(({ json }) => json) };
      // Whoever asks again has less than before to wait for: a page takes the place of the one it repeats.
      const c = `past:${range?.from ?? ''}:${index}`;
      addDraft(journal, { k: 'evt', json: JSON.stringify(down), to: [kid], c, life: MAX_LIFE, reseal: true });
    });
  });
}

/** Tasks come whole where a page holds them, so that none has a gap between two pages. An event may be larger than a page. */
function pagesOf(missing: readonly Missing[]): Missing[][] {
  const pages: Missing[][] = [];
  let room = 0;
  for (const task of tasksIn(missing)) {
    if (task.reduce((sum, event) => sum + bytesOf(event), 0) > room) room = 0;
    for (const event of task) {
      const size = bytesOf(event);
      if (size > room) {
        pages.push([]);
        room = PAGE_BYTES;
      }
      pages.at(-1)?.push(event);
      room -= size;
    }
  }
  return pages;
}

const tasksIn = (missing: readonly Missing[]): Iterable<Missing[]> => Map.groupBy(missing, ({ t }) => t).values();
