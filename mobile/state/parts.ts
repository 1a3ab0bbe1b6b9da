import type { RelayClient } from '../../edge/mailbox/relay-client.ts';
import type { Accepted } from '../../edge/mailbox/store.ts';
import type { Headline } from '../../edge/protocol/down.ts';
import type { Heard } from '../link/heard.ts';
import { createBook, type Book } from './book.ts';
import type { PhoneDeps } from './deps.ts';
import { createDesktops, type Desktops } from './desktops.ts';
import { createErrands, type Errands } from './errands.ts';
import { createPairing, type Pairing } from './pairing.ts';
import { createPost, type Post } from './post.ts';
import { createWires, type Wires } from './wires.ts';

/** What a phone is made of, wired to each other. */
export interface Parts {
  readonly wires: Wires;
  readonly book: Book;
  readonly post: Post;
  readonly pairing: Pairing;
  readonly errands: Errands;
  readonly desktops: Desktops;
  /** Reads these tasks again and shows them. */
  refresh(tasks: Iterable<string>): Promise<void>;
}

interface PartsOptions {
  readonly deps: PhoneDeps;
  readonly emit: () => void;
  readonly factorWanted: () => void;
  /** There are keys and a desktop now. */
  readonly paired: () => Promise<void>;
  /** The newest headlines that were pulled. */
  readonly headlines: Headline[];
}

/** How many headlines are kept for a service worker that asks. */
const HEADLINES = 5;

export function createParts({ deps, emit, factorWanted, paired, headlines }: PartsOptions): Parts {
  const touched = new Set<string>();
  const trusting = new Set<string>();
  const book = createBook(deps.db);
  const wires = createWires(deps);
  const relay = async (): Promise<RelayClient> => (await wires.get()).relay;

  async function refresh(tasks: Iterable<string>): Promise<void> {
    await deps.lock('book', () => book.refresh(tasks));
    emit();
  }
  async function changed(task: string): Promise<void> {
    await refresh([task]);
    deps.neighbours?.tell([task]);
  }
  function heard({ body, from }: Accepted<Heard>): void {
    if (body.kind === 'event') touched.add(body.t);
    else if (body.kind === 'trust') trusting.add(from.kid);
    else if (body.kind === 'headline') headlines.splice(0, headlines.length, ...[...headlines, body].slice(-HEADLINES));
    else if (body.kind === 'live' && book.task(body.t)?.desktop === from.kid) book.live(body.t, body.text);
  }
  async function drained(): Promise<void> {
    const tasks = [...touched];
    const greeted = [...trusting];
    touched.clear();
    trusting.clear();
    await refresh(tasks);
    if (tasks.length > 0) deps.neighbours?.tell(tasks);
    await Promise.all([...greeted, ...gaps(tasks)].map((kid) => desktops.sync(kid)));
  }
  const gaps = gapsIn(book);
  const settled = (id: string): void => void changed(id);
  const post = createPost({ deps, wires, heard, drained, settled, lineChanged: emit });
  const desktops = createDesktops({ deps, book, relay, changed: emit, post: post.kickOut });
  const errands = createErrands({
    deps,
    book,
    relay,
    changed: async (task) => {
      await changed(task);
      post.kickOut();
    },
  });
  const pairing = createPairing({
    deps,
    wires,
    changed: emit,
    factorWanted,
    paired: async () => {
      await refresh([]);
      await paired();
    },
  });
  return { wires, book, post, pairing, errands, desktops, refresh };
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
