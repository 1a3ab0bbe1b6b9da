import type { Accepted } from '../../edge/mailbox/store.ts';
import type { Headline } from '../../edge/protocol/down.ts';
import { MAX_LIFE } from '../../edge/protocol/envelope.ts';
import { expireUnseen } from '../link/expire-unseen.ts';
import { forgetKnown } from '../link/forget-known.ts';
import type { Heard } from '../link/heard.ts';
import { peersOf } from '../link/mailbox-store.ts';
import { META, readMeta, writeMeta } from '../link/meta.ts';
import type { Book } from './book.ts';
import type { PhoneDeps } from './deps.ts';

/** How many headlines are kept for a service worker that asks. */
const HEADLINES = 5;

/** What follows from the bodies that were stored, besides their being stored. */
export interface Hearing {
  readonly heard: (accepted: Accepted<Heard>) => void;
  /** The inbox is empty: shows what came, and asks for what is missing. */
  readonly drained: () => Promise<void>;
}

interface HearingOptions {
  readonly deps: PhoneDeps;
  readonly book: Book;
  /** Shows what was stored. */
  readonly refresh: () => Promise<void>;
  readonly sync: (desktop: string) => Promise<void>;
  /** The newest headlines, for whoever has to show them. */
  readonly headlines: Headline[];
}

export function createHearing({ deps, book, refresh, sync, headlines }: HearingOptions): Hearing {
  const gaps = gapsIn(book);
  return {
    heard: ({ body, from }) => {
      if (body.kind === 'event' || body.kind === 'past') void refresh();
      else if (body.kind === 'live' && maySpeak(book, from.kid, body.t)) {
        book.live(body.t, body.text);
        deps.neighbours?.tell({ is: 'live', task: body.t, text: body.text });
      } else if (body.kind === 'headline' && maySpeak(book, from.kid, body.t))
        headlines.splice(0, Math.max(0, headlines.push(body) - HEADLINES));
    },
    drained: async () => {
      const now = Math.floor(deps.now() / 1000);
      const expired = await expireUnseen(deps.db, now);
      const before = (await readMeta(deps.db, META.looked)) ?? now;
      // So long that what was said to this phone may have expired at the relay.
      const silent = now - before >= MAX_LIFE;
      if (dayOf(before) !== dayOf(now)) await forgetKnown(deps.db, now);
      const greeted = (await deps.db.read(peersOf)).flatMap((peer) => (peer.greeted ? [peer.device.kid] : []));
      // Its words about an expired task may have expired, too.
      const desktops = [...greeted, ...expired.map(({ desktop }) => desktop), ...(silent ? kidsIn(book) : [])];
      await refresh();
      await Promise.all([...new Set([...desktops, ...gaps(deps.now())])].map(sync));
      await writeMeta(deps.db, META.looked, now);
    },
  };
}

/** A task speaks through one desktop only; of one that is not known yet, any desktop may be the one. */
const maySpeak = (book: Book, desktop: string, t: string): boolean => (book.task(t)?.desktop ?? desktop) === desktop;

const kidsIn = (book: Book): readonly string[] => book.peers().map(({ device }) => device.kid);

/** `time` in Unix seconds. */
const dayOf = (time: number): number => Math.floor(time / 86_400);

/** Milliseconds after which a missing event is asked for again: the question or its answer may be lost, too. Doubled each time. */
const ASK_AGAIN = 60_000;
const ASK_AGAIN_MOST = 3_600_000;

/** Finds the desktops to ask because an event is missing: at once, and again for as long as it stays so. */
function gapsIn(book: Book): (now: number) => readonly string[] {
  const asked = new Map<string, { readonly until: number; readonly wait: number }>();
  return (now) => {
    const desktops = new Set<string>();
    for (const task of book.threads().flatMap(({ tasks }) => tasks)) {
      if (task.chain !== 'gap') continue;
      const place = `${task.id} ${task.have}`;
      const before = asked.get(place);
      if (before && now < before.until) continue;
      const wait = before ? Math.min(before.wait * 2, ASK_AGAIN_MOST) : ASK_AGAIN;
      asked.set(place, { until: now + wait, wait });
      desktops.add(task.desktop);
    }
    return [...desktops];
  };
}
