import { Buffer } from 'node:buffer';
import { MAX_LIFE } from '../../edge/protocol/envelope.ts';
import type { Down, Headline } from '../../edge/protocol/down.ts';
import type { Event, Happening } from '../../edge/protocol/event.ts';
import { hashNow } from './hash.ts';
import type { Journal } from './journal.ts';
import { addDraft, addEvent, isDrafted } from './outbox.ts';

/** Seconds the newest of something is worth delivering. */
const LIVE_LIFE = 60;

/**
 * Appends the next event of a task and its outbox draft. Call it inside the transaction of the change it tells: then what the
 * phone hears and what happened cannot come apart. The chain's hash covers the JSON exactly as it will be sealed.
 */
export function appendEvent(journal: Journal, t: string, what: Happening): void {
  journal.write(() => {
    const last = journal.db
      .query<{ i: number; hash: string }, { t: string }>(
        'select i, hash from event where task = $t order by i desc limit 1',
      )
      .get({ t });
    const event: Event = {
      kind: 'event',
      t,
      i: (last?.i ?? 0) + 1,
      prev: last?.hash ?? null,
      at: journal.now(),
      what,
    };
    const json = JSON.stringify(event);
    journal.db
      .query('insert into event (task, i, json, hash) values ($t, $i, $json, $hash)')
      .run({ t, i: event.i, json, hash: hashNow(json) });
    addEvent(journal, { t, i: event.i, json });
    journal.touch({ in: 'event', event });
  });
}

/** The words of a task's last note. */
export function newestNoteOf(journal: Journal, t: string): string | undefined {
  return (
    journal.db
      .query<{ text: string }, { t: string }>(
        `select json ->> '$.what.text' as text from event
         where task = $t and json ->> '$.what.kind' = 'note' order by i desc limit 1`,
      )
      .get({ t })?.text ?? undefined
  );
}

/** One line of at most so many characters, and of so many bytes as JSON: one push message holds little. */
function clip(text: string, max: { chars: number; bytes: number }): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const short = line.length > max.chars ? `${line.slice(0, max.chars - 1)}…` : line;
  return Buffer.byteLength(JSON.stringify(short)) <= max.bytes ? short : clip(short.slice(0, -2), max);
}

/** Words for the phones' push notification; longer ones are cut. */
export function draftHeadline(journal: Journal, { t, what, title, text }: Omit<Headline, 'kind'>): void {
  const down: Down = {
    kind: 'headline',
    t,
    what,
    title: clip(title, { chars: 80, bytes: 280 }),
    text: clip(text, { chars: 160, bytes: 560 }),
  };
  addDraft(journal, {
    k: 'evt',
    json: JSON.stringify(down),
    to: 'all',
    t,
    u: true,
    life: MAX_LIFE,
    reseal: false,
  });
}

/** The answer as it is being written: for the eye only. */
export function draftLive(journal: Journal, t: string, text: string): void {
  const down: Down = { kind: 'live', t, text };
  addDraft(journal, {
    k: 'evt',
    json: JSON.stringify(down),
    to: 'all',
    t,
    c: `live:${t}`,
    life: LIVE_LIFE,
    reseal: false,
  });
}

export interface Asked {
  readonly kid: string;
  /** For each task, the newest event the phone has. */
  readonly have: Readonly<Record<string, number>>;
  /** Which tasks `have` is about, by id; undefined: all. */
  readonly range?: { readonly from: string; readonly upto: string | null } | undefined;
  /** Which tasks it may read: all, or those it sent and those since it was paired. */
  readonly mayHistory: boolean;
  readonly pairedAt: number;
}

export interface Missing {
  readonly t: string;
  readonly i: number;
  readonly json: string;
}

/** The events a phone says it does not have, and may read: the newest tasks first, each from its beginning. */
export function missingEvents(journal: Journal, { kid, have, range, mayHistory, pairedAt }: Asked): Missing[] {
  return journal.db
    .query<Missing, { kid: string; all: number; since: number; from: string; upto: string | null }>(
      `select event.task as t, event.i as i, event.json as json from event join task on task.id = event.task
       where ($all = 1 or task.sender = $kid or task.created >= $since)
         and task.id >= $from and ($upto is null or task.id < $upto)
       order by task.created desc, task.id, event.i`,
    )
    .all({ kid, all: Number(mayHistory), since: pairedAt, from: range?.from ?? '', upto: range?.upto ?? null })
    .filter(({ t, i }) => i > (have[t] ?? 0));
}

/** Drafts again, for one phone only, the events it says it does not have, each by itself. */
export function redraftEvents(journal: Journal, asked: Asked): void {
  journal.write(() => missingEvents(journal, asked).forEach((event) => redraftEvent(journal, event, asked.kid)));
}

export function redraftEvent(journal: Journal, { t, i, json }: Missing, kid: string): void {
  if (isDrafted(journal, { t, i }, kid)) return;
  addDraft(journal, { k: 'evt', json, to: [kid], t, life: MAX_LIFE, reseal: true }, i);
}
