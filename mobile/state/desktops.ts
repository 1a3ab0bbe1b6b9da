import type { RelayClient } from '../../edge/mailbox/relay-client.ts';
import type { Settings } from '../../edge/protocol/settings.ts';
import type { Control } from '../../edge/protocol/up.ts';
import { PROTOCOL_VERSION } from '../../edge/protocol/version.ts';
import type { Tx } from '../link/db.ts';
import { markLost } from '../link/keep-trust.ts';
import { peerOf } from '../link/mailbox-store.ts';
import type { Book } from './book.ts';
import type { PhoneDeps } from './deps.ts';
import { addControl } from './errands.ts';
import type { DesktopView, DeviceRow, TaskView } from './view.ts';

/** Milliseconds for which the relay's list of devices is good. */
const LIST_EVERY = 25_000;
/** Tasks in one sync: about 30 bytes each, in a body of 64 kB. */
const PAGE = 2000;

export interface Desktops {
  view(): readonly DesktopView[];
  rows(): readonly DeviceRow[] | undefined;
  /** Asks the relay who belongs to the account, and when it last saw them. */
  list(): Promise<void>;
  /** Lists again when the list is old: "last seen" must not be older than this phone's own silence. */
  renew(): Promise<void>;
  /** Takes a device off the account, and tells every desktop to forget it when it is a phone. */
  revoke(kid: string): Promise<void>;
  /** Sets a desktop's power switches. */
  set(kid: string, settings: Settings): Promise<void>;
  /** "This is what I have": the desktop sends what is missing. */
  sync(kid: string): Promise<void>;
}

interface DesktopsOptions {
  readonly deps: PhoneDeps;
  readonly book: Book;
  readonly relay: () => Promise<RelayClient>;
  readonly changed: () => void;
  /** Reads what changed and shows it. */
  readonly refresh: () => Promise<void>;
  readonly post: () => void;
}

export function createDesktops({ deps, book, relay, changed, refresh, post }: DesktopsOptions): Desktops {
  let rows: readonly DeviceRow[] | undefined;
  let listedAt = 0;
  const wanted = new Map<string, Settings>();

  async function list(): Promise<void> {
    const { devices } = await (await relay()).devices();
    listedAt = deps.now();
    rows = devices.map(({ kid, kind, name, createdAt, lastSeen }) => ({ kid, kind, name, createdAt, lastSeen }));
    changed();
  }
  function viewOf(peer: ReturnType<Book['peers']>[number]): DesktopView {
    const { kid } = peer.device;
    const seen = book.seen(kid);
    const atRelay = rows?.find((row) => row.kid === kid)?.lastSeen;
    const signs = [seen?.at, typeof atRelay === 'number' ? atRelay * 1000 : undefined].filter((at) => at !== undefined);
    if (JSON.stringify(seen?.settings) === JSON.stringify(wanted.get(kid))) wanted.delete(kid);
    return {
      ...peer,
      seen,
      wanted: wanted.get(kid),
      lastSeen: signs.length > 0 ? Math.max(...signs) : undefined,
    };
  }
  async function tell(kid: string, control: Parameters<typeof addControl>[2]): Promise<void> {
    await deps.db.write((tx) => addControl(tx, kid, control));
    post();
  }
  return {
    view: () => book.peers().map(viewOf),
    rows: () => rows,
    list,
    renew: async () => {
      if (deps.now() - listedAt >= LIST_EVERY) await list();
    },
    revoke: async (kid) => {
      const isPhone = rows?.find((row) => row.kid === kid)?.kind === 'phone';
      // Said first, and durably: the desktops' own lists decide who commands, the relay only cuts the way.
      if (isPhone) await Promise.all(book.peers().map(({ device }) => tell(device.kid, { kind: 'drop', kid })));
      await (await relay()).revokeDevice(kid);
      if (!isPhone) await deps.db.write((tx) => forgetDesktop(tx, kid));
      await refresh();
      await list();
    },
    set: async (kid, settings) => {
      wanted.set(kid, settings);
      await tell(kid, { kind: 'set', settings, rev: book.seen(kid)?.rev ?? 0 });
      changed();
    },
    sync: (kid) => sync({ deps, book, post }, kid),
  };
}

async function sync({ deps, book, post }: Pick<DesktopsOptions, 'deps' | 'book' | 'post'>, kid: string): Promise<void> {
  const desktop = book.peers().find(({ device }) => device.kid === kid);
  if (desktop?.dropped !== undefined) return;
  const mine = book.threads().flatMap((thread) => (thread.desktop === kid ? thread.tasks : []));
  const { name } = deps;
  await deps.db.write(async (tx) => {
    for (const page of pagesOf(mine)) {
      await addControl(tx, kid, { kind: 'sync', ...page, version: PROTOCOL_VERSION, name });
    }
    const peer = await peerOf(tx, kid);
    if (peer?.greeted) await tx.put('peers', kid, { ...peer, greeted: false });
  });
  post();
}

type Page = Pick<Extract<Control, { kind: 'sync' }>, 'have' | 'range'>;

/** What is here of each task, in as many bodies as it takes: one when they are few. */
function pagesOf(tasks: readonly Pick<TaskView, 'id' | 'have'>[]): readonly Page[] {
  const sorted = tasks.filter(({ have }) => have > 0).sort((a, b) => (a.id < b.id ? -1 : 1));
  const starts = sorted.flatMap(({ id }, index) => (index > 0 && index % PAGE === 0 ? [id] : []));
  return ['', ...starts].map((from, index) => {
    const here = sorted.slice(index * PAGE, (index + 1) * PAGE);
    const have = Object.fromEntries(here.map((task) => [task.id, task.have]));
    return starts.length === 0 ? { have } : { have, range: { from, upto: starts[index] ?? null } };
  });
}

/** Nothing more is heard of what it was asked. */
async function forgetDesktop(tx: Tx, kid: string): Promise<void> {
  await tx.delete('peers', kid);
  await markLost(tx, kid);
}
