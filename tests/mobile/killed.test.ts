import { afterAll, beforeAll, expect, test } from 'bun:test';
import { newIdentity, type Identity } from '../../edge/protocol/identity.ts';
import type { Db } from '../../mobile/link/db.ts';
import { ownLock, type Lock } from '../../mobile/link/lock.ts';
import { taskRecordSchema } from '../../mobile/link/records.ts';
import { memoryDb } from '../../mobile/link/memory-db.ts';
import { createDrafts } from '../../mobile/state/drafts.ts';
import { record } from '../support/evidence.ts';
import { chance, type Chance } from '../support/faults-chance.ts';
import { steadyCrypto } from '../support/faults-crypto.ts';
import { memoryRelay } from '../support/memory-relay.ts';
import { answeringDesk } from './support/answering-desk.ts';
import { life } from './support/mortal.ts';
import { mortalPhone, type MortalPhone } from './support/mortal-phone.ts';

/*
 * The phone's own code over a database and a relay that stop at any moment, in two tabs at once. What happens follows from the seed
 * alone; in every third run the tabs do not even hold locks, as when one was frozen and robbed of them.
 */

let answered = true;
/** Between two answers everything comes to rest, so that a seed always means the same. */
const steady = steadyCrypto(() => {
  answered = !answered;
  return answered;
});

const RUNS = 300;
const TASKS = 4;
const total = { tasks: 0, deaths: 0, lost: 0, repeated: 0 };
let people: { phone: Identity; desk: Identity };

beforeAll(async () => {
  people = {
    phone: await newIdentity({ kind: 'phone', name: 'Pixel', extractable: false }),
    desk: await newIdentity({ kind: 'desktop', name: 'Studio-PC', extractable: true }),
  };
});
afterAll(() => {
  const { tasks, deaths, lost, repeated } = total;
  record({ is: 'faults', run: 'phone killed at any await, in two tabs', tasks, injected: deaths, lost, repeated });
});

const unlocked: Lock = (_name, work) => work();

interface Run {
  readonly lot: Chance;
  readonly db: Db;
  /** A tab that may die, or one that lives. */
  readonly tab: (mortal: boolean) => Promise<MortalPhone>;
  desk: ReturnType<typeof answeringDesk>;
}

async function begin(seed: number): Promise<Run> {
  const lot = chance(seed);
  steady.seed(chance(seed + 1_000_000));
  const db = memoryDb();
  const relay = memoryRelay();
  const { device } = people.desk;
  await db.write((tx) => tx.put('peers', device.kid, { device, trusted: true, mayPower: true }));
  const lock = seed % 3 === 0 ? unlocked : ownLock();
  const now = Date.now;
  return {
    lot,
    db,
    desk: answeringDesk({ relay, identity: people.desk, phone: people.phone.device, now }),
    tab: async (mortal) => {
      const { db: its, relay: line } = life(lot, mortal ? { deaths: 2, losses: 15 } : { deaths: 0, losses: 0 });
      const client = line(relay.client(people.phone.device.kid));
      return mortalPhone({ db: its(db), relay: client, identity: people.phone, lock, now });
    },
  };
}

/** A tab, however often it dies while it is opened. */
async function opened({ tab }: Run): Promise<MortalPhone> {
  for (;;) {
    const phone = await tab(true).catch(() => undefined);
    if (phone) return phone;
  }
}

/** Writes and sends until the words are gone, which is when they are sent. */
async function sendOne(run: Run, tabs: MortalPhone[], text: string): Promise<void> {
  const drafts = createDrafts(run.db);
  const { kid } = people.desk.device;
  await drafts.keep('new', { text, removed: [], added: [] });
  while ((await drafts.read('new')) !== undefined) {
    const [tab] = tabs;
    if (!(await tab?.send({ desktop: kid, text, grants: [], draft: 'new' }))) {
      total.deaths += 1;
      tabs[0] = await opened(run);
    }
  }
}

async function live(run: Run, tabs: MortalPhone[]): Promise<void> {
  const { lot } = run;
  const deeds = tabs.map((tab) => lot.pick([() => tab.flush(), () => tab.look(), () => tab.follow()])());
  if (lot.percent(40)) deeds.push(run.desk.pump().then(() => true));
  const alive = await Promise.all(deeds);
  for (const [index] of tabs.entries()) {
    if (alive[index]) continue;
    total.deaths += 1;
    tabs[index] = await opened(run);
  }
  // The relay refuses nothing here, so nothing may ever be called unsent: it would be sent a second time.
  const known = (await run.db.read((tx) => tx.all('tasks'))).map((row) => taskRecordSchema.parse(row).sent.at);
  expect(known).not.toContain('failed');
}

test.each(Array.from({ length: RUNS }, (_, index) => index + 1))(
  'run %d: what was sent is done once and shown once in both tabs',
  async (seed) => {
    const run = await begin(seed);
    const tabs = [await opened(run), await opened(run)];
    const texts = Array.from({ length: TASKS }, (_, index) => `task ${index}`);
    for (const text of texts) {
      await sendOne(run, tabs, text);
      for (let turn = 0; turn < 5; turn++) await live(run, tabs);
    }
    // A tab that only looked on, and one that works, from now on in peace.
    const [watching, working] = [await run.tab(false), await run.tab(false)];
    for (let round = 0; round < 3; round++) {
      await working.flush();
      await run.desk.pump();
      await working.look();
    }
    await watching.follow();
    total.tasks += TASKS;
    total.lost += TASKS - new Set(run.desk.done).size;
    total.repeated += run.desk.done.length - new Set(run.desk.done).size;
    expect([...run.desk.done].sort()).toEqual(texts);
    for (const { book } of [working, watching]) {
      const shown = book.threads().flatMap(({ tasks }) => tasks);
      expect(shown.map(({ text }) => text).sort()).toEqual(texts);
      for (const { standing, chain, result, text } of shown) {
        expect({ standing, chain, said: result?.text }).toEqual({
          standing: { is: 'ended', fate: 'done' },
          chain: 'whole',
          said: `${text}: done`,
        });
      }
    }
  },
);
