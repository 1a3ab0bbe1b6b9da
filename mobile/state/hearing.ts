import type { Accepted } from '../../edge/mailbox/store.ts';
import type { Headline } from '../../edge/protocol/down.ts';
import { MAX_LIFE } from '../../edge/protocol/envelope.ts';
import type { Db } from '../link/db.ts';
import { expireUnseen } from '../link/expire-unseen.ts';
import type { Heard } from '../link/heard.ts';
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
  readonly refresh: (tasks: readonly string[]) => Promise<void>;
  readonly sync: (desktop: string) => Promise<void>;
  /** The newest headlines, for whoever has to show them. */
  readonly headlines: Headline[];
}

export function createHearing({ deps, book, refresh, sync, headlines }: HearingOptions): Hearing {
  const touched = new Set<string>();
  const greeted = new Set<string>();
  const gaps = gapsIn(book);
  return {
    heard: ({ body, from }) => {
      if (body.kind === 'event') touched.add(body.t);
      else if (body.kind === 'trust') greeted.add(from.kid);
      else if (body.kind === 'live' && book.task(body.t)?.desktop === from.kid) book.live(body.t, body.text);
      else if (body.kind === 'headline') headlines.splice(0, Math.max(0, headlines.push(body) - HEADLINES));
    },
    drained: async () => {
      const now = Math.floor(deps.now() / 1000);
      const expired = await expireUnseen(deps.db, now);
      const silent = await wasSilent(deps.db, now);
      const tasks = [...touched, ...expired.map(({ id }) => id)];
      // Its words about an expired task may have expired, too.
      const desktops = [...greeted, ...expired.map(({ desktop }) => desktop), ...(silent ? kidsIn(book) : [])];
      touched.clear();
      greeted.clear();
      await refresh(tasks);
      if (tasks.length > 0) deps.neighbours?.tell(tasks);
      await Promise.all([...new Set([...desktops, ...gaps(tasks)])].map(sync));
      await writeMeta(deps.db, META.looked, now);
    },
  };
}

const kidsIn = (book: Book): readonly string[] => book.peers().map(({ device }) => device.kid);

/** Whether this phone did not look for so long that what was said to it may have expired at the relay. */
async function wasSilent(db: Db, now: number): Promise<boolean> {
  const before = await readMeta(db, META.looked);
  return before !== undefined && now - before >= MAX_LIFE;
}

/** Finds the desktops to ask again because an event is missing: once for each place in a task. */
function gapsIn(book: Book): (tasks: readonly string[]) => readonly string[] {
  const asked = new Set<string>();
  return (tasks) => {
    const desktops = new Set<string>();
    for (const id of tasks) {
      const task = book.task(id);
      if (task?.chain !== 'gap' || asked.has(`${id} ${task.have}`)) continue;
      asked.add(`${id} ${task.have}`);
      desktops.add(task.desktop);
    }
    return [...desktops];
  };
}
