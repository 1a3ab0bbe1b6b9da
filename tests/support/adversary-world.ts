import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addAsk, expireAsks } from '../../agent/journal/ask.ts';
import { appendEvent } from '../../agent/journal/event.ts';
import { openJournal, type Journal } from '../../agent/journal/journal.ts';
import { outboxStore as deskOutbox } from '../../agent/journal/outbox.ts';
import { pinPeer } from '../../agent/journal/peer.ts';
import { endTask, listUnended, readTask, setState, type TaskRecord as TaskRow } from '../../agent/journal/task.ts';
import { desktopReceiver } from '../../agent/link/inbox.ts';
import { isReady } from '../../agent/runner/run.ts';
import type { Receiver } from '../../edge/mailbox/accept.ts';
import { drainInbox } from '../../edge/mailbox/inbox.ts';
import { flushOutbox } from '../../edge/mailbox/outbox.ts';
import { createPump, type Kicks } from '../../edge/mailbox/pump.ts';
import { RelayError } from '../../edge/mailbox/relay-client.ts';
import type { InboxStore, OutboxStore } from '../../edge/mailbox/store.ts';
import { freezeAction } from '../../edge/protocol/ask.ts';
import { MAX_LIFE, parseEnvelope } from '../../edge/protocol/envelope.ts';
import { newId } from '../../edge/protocol/id.ts';
import type { Identity } from '../../edge/protocol/identity.ts';
import type { Control } from '../../edge/protocol/up.ts';
import { expireUnseen } from '../../mobile/link/expire-unseen.ts';
import { heardSchema } from '../../mobile/link/heard.ts';
import { addDraft, inboxStore, outboxStore as phoneOutbox } from '../../mobile/link/mailbox-store.ts';
import { memoryDb } from '../../mobile/link/memory-db.ts';
import { META, writeMeta } from '../../mobile/link/meta.ts';
import type { TaskRecord } from '../../mobile/link/records.ts';
import { createBook } from '../../mobile/state/book.ts';
import { hostileRelay, type HostileRelay } from './hostile-relay.ts';
import { someTask } from './memory-phone.ts';

/** Unix milliseconds at which every world begins. */
export const START = 1_800_000_000_000;

interface Said {
  readonly from: string;
  readonly to: readonly string[];
  readonly json: string;
}

/** A device with the product's own mailbox, and what it took from it. */
interface End {
  readonly kid: string;
  readonly identity: Identity;
  /** Ids of the envelopes it took. */
  readonly taken: Set<string>;
  send(): Promise<void>;
  hear(): Promise<void>;
}

export interface PhoneEnd extends End {
  /** Starts a task at a desktop, in its last thread there if `on`. */
  ask(desktop: string, on: boolean): Promise<void>;
  tell(desktop: string, control: Control): Promise<void>;
  tasks(): Promise<readonly TaskRecord[]>;
  book(): ReturnType<typeof createBook>;
  /** What it does when it has not looked for long: what expired has ended, and the desktops are asked for the rest. */
  catchUp(): Promise<void>;
}

export interface DeskEnd extends End {
  readonly journal: Journal;
  /** Runs the oldest task that may run; `n` decides what comes of it. */
  work(n: number): Promise<void>;
  answerable(): readonly { readonly task: string; readonly ask: string; readonly digest: string }[];
  /** The process ends and begins anew. */
  restart(): void;
}

export interface World {
  readonly relay: HostileRelay;
  readonly phones: readonly PhoneEnd[];
  readonly desks: readonly DeskEnd[];
  /** Everything an end has sealed, by id. */
  readonly said: ReadonlyMap<string, Said>;
  /** What must never be: filled where it is seen. */
  readonly wrongs: string[];
  readonly now: () => number;
  readonly pass: (seconds: number) => void;
  readonly close: () => void;
}

export interface Cast {
  /** Each is paired with the desktops of these places. */
  readonly phones: readonly { readonly identity: Identity; readonly desks: readonly number[] }[];
  readonly desks: readonly Identity[];
  readonly mallory: Identity;
  /** What it sealed with its own keys. */
  readonly invented: readonly string[];
  /** What the relay kept of earlier days. */
  readonly old: readonly string[];
}

export async function adversaryWorld({ phones, desks, mallory, invented, old }: Cast): Promise<World> {
  let clock = START;
  const said = new Map<string, Said>();
  const wrongs: string[] = [];
  const folders: string[] = [];
  const all = [...desks, ...phones.map(({ identity }) => identity)];
  const relay = hostileRelay({
    kids: all.map(({ device }) => device.kid),
    mallory,
    invented,
    recipients: all.map(({ device }) => device),
    old,
    now: () => Math.floor(clock / 1000),
  });

  /** The mailbox of one end: taken and said are noted, and what it must never do is a wrong. */
  function mailbox<Body>(
    identity: Identity,
    parts: () => { receiver: Receiver<Body>; outbox: OutboxStore; epoch: () => Promise<number> },
  ): End {
    const { kid } = identity.device;
    const client = relay.client(kid);
    const taken = new Set<string>();
    const watched = (store: InboxStore<Body>): InboxStore<Body> => ({
      ...store,
      take: async (accepted) => {
        const { id } = accepted.envelope.header;
        const known = said.get(id);
        if (!known || known.from !== accepted.from.kid || known.json !== accepted.json || !known.to.includes(kid)) {
          wrongs.push(`took what ${accepted.from.name} did not say to it: ${accepted.json}`);
        }
        if (taken.has(id)) wrongs.push(`took twice: ${accepted.json}`);
        await store.take(accepted);
        taken.add(id);
      },
    });
    const spoken = (store: OutboxStore): OutboxStore => ({
      ...store,
      keepSealed: async (seq, sealed) => {
        const item = (await store.pending(1000)).find((each) => each.seq === seq);
        const to = parseEnvelope(sealed.compact).header.to.map((each) => each.kid);
        said.set(sealed.id, { from: kid, to, json: item?.draft.json ?? '' });
        await store.keepSealed(seq, sealed);
      },
    });
    const pumped = (work: (kicks: Kicks) => Promise<unknown>) => {
      let over: Promise<unknown> = Promise.resolve();
      const guarded = async (kicks: Kicks): Promise<undefined> => {
        try {
          await work(kicks);
        } catch (error) {
          if (!(error instanceof RelayError)) wrongs.push(`crashed: ${String(error)}`);
        }
      };
      const pump = createPump({
        work: (kicks) => (over = guarded(kicks)) as Promise<undefined>,
        setTimer: () => () => undefined,
      });
      return async (): Promise<void> => {
        pump.kick();
        await over;
        await Promise.resolve();
      };
    };
    return {
      kid,
      identity,
      taken,
      hear: pumped(async (kicks) => {
        const { receiver, epoch } = parts();
        const store = watched(receiver.store);
        await drainInbox({ relay: client, receiver: { ...receiver, store }, epoch: await epoch(), kicks });
      }),
      send: pumped(() =>
        flushOutbox({
          relay: client,
          store: spoken(parts().outbox),
          identity: () => identity,
          now: () => Math.floor(clock / 1000),
        }),
      ),
    };
  }

  function newDesk(identity: Identity, index: number): DeskEnd {
    const folder = mkdtempSync(join(tmpdir(), 'errand-adversary-'));
    folders.push(folder);
    const open = (): Journal => {
      const opened = openJournal({ folder, now: () => clock });
      opened.db.run('pragma synchronous = off');
      return opened;
    };
    let journal = open();
    for (const phone of phones) {
      if (phone.desks.includes(index))
        pinPeer(journal, { device: phone.identity.device, mayPower: true, mayHistory: true });
    }
    const asks: { task: string; ask: string; digest: string }[] = [];
    const end = mailbox(identity, () => ({
      receiver: desktopReceiver(journal, identity),
      outbox: deskOutbox(journal),
      epoch: async () => journal.epoch,
    }));
    function begin(task: TaskRow): void {
      const before = task.after === null ? undefined : readTask(journal, task.after);
      if (before && before.state.is !== 'ended' && before.state.is !== 'parked') {
        wrongs.push(`${task.text} began before its predecessor had ended`);
      }
      setState(journal, task.id, { is: 'running' });
    }
    return {
      ...end,
      get journal() {
        return journal;
      },
      work: async (n) => {
        expireAsks(journal);
        const task = listUnended(journal).find((each) => isReady({ journal }, each));
        if (!task) return;
        if (task.state.is === 'queued') return begin(task);
        if (n % 3 === 0) return appendEvent(journal, task.id, { kind: 'note', text: `note ${n}` });
        if (n % 7 === 0 && !asks.some((each) => each.task === task.id)) {
          const action = await freezeAction({ v: 1, t: task.id, n: 1, act: { sink: 'read', path: '/a' } });
          const ask = addAsk(journal, { task: task.id, n: 1, why: 'May I?', high: false, actions: [action] });
          asks.push({ task: task.id, ask, digest: action.digest });
          return;
        }
        endTask(journal, task.id, { fate: 'done', headline: { title: 'Done', text: task.text } });
      },
      answerable: () => asks,
      restart: () => {
        journal.close();
        journal = open();
      },
    };
  }

  const newPhone = async ({ identity, desks: places }: Cast['phones'][number]): Promise<PhoneEnd> => {
    const db = memoryDb();
    const { kid, ek } = identity.device;
    await writeMeta(db, META.notBefore, Math.floor(clock / 1000) - 300);
    const peers = places.flatMap((place) => desks[place]?.device ?? []);
    await db.write(async (tx) => {
      for (const device of peers) await tx.put('peers', device.kid, { device, trusted: true, mayPower: true });
    });
    const threads = new Map<string, { thread: string; last: string }>();
    let turn = 0;
    const end = mailbox(identity, () => ({
      receiver: {
        kid,
        keys: () => [{ ek, pair: identity.encryption }],
        schema: heardSchema,
        allows: (header) => header.k === 'evt',
        store: inboxStore(db, () => undefined),
        now: () => Math.floor(clock / 1000),
      },
      outbox: phoneOutbox(db, () => undefined),
      epoch: async () => ++turn,
    }));
    const tell: PhoneEnd['tell'] = (desktop, control) =>
      db.write((tx) =>
        addDraft(tx, {
          id: newId(),
          k: 'ctl',
          json: JSON.stringify(control),
          to: [desktop],
          life: MAX_LIFE,
          reseal: control.kind !== 'answer',
        }),
      );
    const tasks: PhoneEnd['tasks'] = async () => (await db.read((tx) => tx.all('tasks'))) as readonly TaskRecord[];
    const book = (): ReturnType<typeof createBook> => createBook(db);
    return {
      ...end,
      tell,
      tasks,
      book,
      ask: async (desktop, on) => {
        const id = newId();
        const before = on ? threads.get(desktop) : undefined;
        const thread = before?.thread ?? id;
        threads.set(desktop, { thread, last: id });
        const body = someTask(`task ${id}`, { thread: before?.thread ?? null, after: before?.last ?? null });
        const record: TaskRecord = {
          id,
          desktop,
          thread,
          text: body.text,
          grants: [],
          files: [],
          at: clock,
          sent: { at: 'here' },
          answers: {},
        };
        await db.write(async (tx) => {
          await tx.put('tasks', id, record);
          await addDraft(tx, {
            id,
            k: 'task',
            json: JSON.stringify(body),
            to: [desktop],
            life: MAX_LIFE,
            reseal: false,
          });
        });
      },
      catchUp: async () => {
        await expireUnseen(db, Math.floor(clock / 1000));
        const read = book();
        await read.load();
        for (const { kid: desktop } of peers) {
          const mine = read.threads().flatMap((thread) => (thread.desktop === desktop ? thread.tasks : []));
          const have = Object.fromEntries(mine.filter((task) => task.have > 0).map((task) => [task.id, task.have]));
          await tell(desktop, { kind: 'sync', have, version: 1, name: 'Phone' });
        }
      },
    };
  };

  const desktops = desks.map(newDesk);
  return {
    relay,
    desks: desktops,
    phones: await Promise.all(phones.map(newPhone)),
    said,
    wrongs,
    now: () => clock,
    pass: (seconds) => {
      clock += seconds * 1000;
    },
    close: () => {
      for (const { journal } of desktops) journal.close();
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    },
  };
}
