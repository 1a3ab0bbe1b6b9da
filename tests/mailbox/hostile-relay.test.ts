import { afterAll, beforeAll, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { newId } from '../../edge/protocol/id.ts';
import { newIdentity } from '../../edge/protocol/identity.ts';
import { parseEnvelope } from '../../edge/protocol/envelope.ts';
import { sealEnvelope } from '../../edge/protocol/seal.ts';
import {
  adversaryWorld,
  START,
  type Cast,
  type DeskEnd,
  type PhoneEnd,
  type World,
} from '../support/adversary-world.ts';
import { record } from '../support/evidence.ts';
import { DEEDS, type Deed } from '../support/hostile-relay.ts';
import { someTask } from '../support/memory-phone.ts';

/*
 * Two phones and two desktops with the product's own mailboxes and stores, and between them a relay that does what it likes.
 * ERRAND_SEED plays other worlds. A failure prints seed and path; ERRAND_PATH plays that world alone, and shrinks it.
 */

const SEED = Number(process.env['ERRAND_SEED'] ?? 20_261_122);
const PATH = process.env['ERRAND_PATH'];
const WORLDS = 160;
const LEAST = 100_000;

type Step =
  | { readonly by: 'relay'; readonly deed: Deed }
  | { readonly by: 'ends'; readonly do: 'ask' | 'tell' | 'work' | 'post' | 'restart' | 'pass'; readonly n: number };

const number = fc.nat(0xff_ffff);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 240,
    arbitrary: fc.record({
      by: fc.constant<'relay'>('relay'),
      deed: fc.record({ do: fc.constantFrom(...DEEDS), a: number, b: number }),
    }),
  },
  ...(
    [
      ['ask', 4],
      ['tell', 3],
      ['work', 12],
      ['post', 40],
      ['restart', 2],
      ['pass', 6],
    ] as const
  ).map(([what, weight]) => ({
    weight,
    arbitrary: fc.record({ by: fc.constant<'ends'>('ends'), do: fc.constant(what), n: number }),
  })),
);

let cast: Cast;
let tried = 0;
let failed = 0;

beforeAll(async () => {
  const [studio, office] = await Promise.all(
    ['Studio-PC', 'Office-PC'].map((name) => newIdentity({ kind: 'desktop', name, extractable: true })),
  );
  const [pixel, tablet, mallory] = await Promise.all(
    ['Pixel', 'Tablet', 'Mallory'].map((name) => newIdentity({ kind: 'phone', name, extractable: false })),
  );
  if (!studio || !office || !pixel || !tablet || !mallory) throw new Error('five devices');
  // What the relay kept of the days before both ends were wiped.
  const iat = START / 1000 - 86_400;
  const header = () => ({ id: newId(), n: 1, iat, exp: iat + 7 * 86_400 });
  const today = () => ({ id: newId(), n: 1, iat: START / 1000, exp: START / 1000 + 7 * 86_400 });
  const old = await Promise.all([
    ...Array.from({ length: 5 }, () =>
      sealEnvelope({
        identity: pixel,
        recipients: [studio.device],
        header: { k: 'task', ...header() },
        json: JSON.stringify(someTask('of yesterday')),
      }),
    ),
    ...Array.from({ length: 5 }, () =>
      sealEnvelope({
        identity: studio,
        recipients: [pixel.device, tablet.device],
        header: { k: 'evt', ...header() },
        json: JSON.stringify({ kind: 'trust', name: 'Studio-PC', mayPower: true, version: 1 }),
      }),
    ),
  ]);
  cast = {
    desks: [studio, office],
    phones: [
      { identity: pixel, desks: [0, 1] },
      { identity: tablet, desks: [0] },
    ],
    mallory,
    // In its own name, and in those of devices that are trusted.
    invented: await Promise.all(
      [mallory, pixel, tablet, studio, office].flatMap(({ device }) =>
        [studio, office, pixel, tablet].map((to) =>
          sealEnvelope({
            identity: { ...mallory, device },
            recipients: [to.device],
            header: { k: device.kind === 'desktop' ? 'evt' : 'task', ...today() },
            json: JSON.stringify(
              device.kind === 'desktop' ? { kind: 'live', t: newId(), text: 'x' } : someTask('invented'),
            ),
          }),
        ),
      ),
    ),
    old,
  };
});
afterAll(() => record({ is: 'attacks', on: 'a hostile relay', tried, succeeded: failed }));

const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;
const kidOf = (desk: number | undefined): string => cast.desks[desk ?? 0]?.device.kid ?? '';

async function happen(world: World, { do: what, n }: Extract<Step, { by: 'ends' }>): Promise<void> {
  const { phones, desks } = world;
  const place = n % phones.length;
  const phone = pick(phones, n);
  const desk = pick(desks, n);
  const theirs = kidOf(pick(cast.phones[place]?.desks ?? [], n >>> 2));
  switch (what) {
    case 'ask':
      return phone.ask(theirs, n % 3 > 0);
    case 'tell':
      return tellSomething(world, { phone, desktop: theirs, n });
    case 'work':
      return desk.work(n >>> 1);
    case 'post': {
      const end = pick([...phones, ...desks], n);
      await end.send();
      return end.hear();
    }
    case 'restart':
      return desk.restart();
    case 'pass':
      // Rarely days, so that envelopes expire on their way.
      return world.pass(n % 40 === 0 ? 86_400 * (n % 9) : n % 150);
  }
}

async function tellSomething(
  { desks }: World,
  { phone, desktop, n }: { phone: PhoneEnd; desktop: string; n: number },
): Promise<void> {
  const asks = desks.find((desk) => desk.kid === desktop)?.answerable() ?? [];
  const asked = asks[n % Math.max(1, asks.length)];
  if (asked && n % 3 > 0) {
    const { ask, digest } = asked;
    return phone.tell(desktop, { kind: 'answer', ask, digests: [digest], ok: n % 2 === 0, scope: 'once' });
  }
  if (n % 5 === 0) return phone.catchUp();
  const mine = (await phone.tasks()).find((task) => task.desktop === desktop);
  return phone.tell(desktop, { kind: 'cancel', t: mine?.id ?? newId() });
}

/** All that is said is sent, and all that was sent is heard; then what follows from that. */
async function exchange({ phones, desks }: World): Promise<void> {
  const ends = [...phones, ...desks];
  for (let round = 0; round < 3; round++) {
    for (const end of ends) await end.send();
    for (const end of ends) await end.hear();
  }
}

/** What the relay kept is taken by everybody it is for. */
function expectDelivered(world: World): void {
  const { relay, phones, desks } = world;
  const ends = new Map([...phones, ...desks].map((end) => [end.kid, end]));
  for (const compact of relay.kept()) {
    const { id, to, exp } = parseEnvelope(compact).header;
    if (exp <= world.now() / 1000) continue;
    for (const { kid } of to)
      expect(ends.get(kid)?.taken.has(id), `${id} for ${ends.get(kid)?.identity.device.name}`).toBe(true);
  }
}

/** Every task has a fate that its phone knows, and every phone has every event of its desktops, in order. */
async function expectWhole({ phones, desks }: World): Promise<void> {
  for (const [index, phone] of phones.entries()) {
    const mine = desks.filter((_, place) => cast.phones[index]?.desks.includes(place));
    const tasks = await phone.tasks();
    const book = phone.book();
    await book.load();
    for (const desk of mine) expectSame(desk, book);
    const known = new Set(mine.flatMap(taskIds));
    // Its own, that is: of a replayed word from before the wipe it hears that it was refused.
    const own = tasks.filter(({ id, from }) => from === undefined && !known.has(id));
    const open = own.filter(({ sent }) => sent.at !== 'expired' && sent.at !== 'failed');
    expect(open).toEqual([]);
  }
}

const taskIds = ({ journal }: DeskEnd): readonly string[] =>
  journal.db
    .query<{ id: string }, []>('select id from task')
    .all()
    .map(({ id }) => id);

function expectSame(desk: DeskEnd, book: ReturnType<PhoneEnd['book']>): void {
  for (const t of taskIds(desk)) {
    const count = desk.journal.db
      .query<{ count: number }, { t: string }>('select count(*) as count from event where task = $t')
      .get({ t })?.count;
    const view = book.task(t);
    expect({ t, have: view?.have, chain: view?.chain }).toEqual({ t, have: count, chain: 'whole' });
  }
}

async function live(steps: readonly Step[]): Promise<void> {
  const world = await adversaryWorld(cast);
  try {
    for (const each of steps) {
      if (each.by === 'relay') {
        tried++;
        await world.relay.act(each.deed);
      } else await happen(world, each);
      expect(world.wrongs).toEqual([]);
    }
    world.relay.behave();
    await exchange(world);
    expectDelivered(world);
    // What it threw away expires; then each phone asks for what it missed.
    world.pass(9 * 86_400);
    await exchange(world);
    for (const phone of world.phones) await phone.catchUp();
    await exchange(world);
    await exchange(world);
    expect(world.wrongs).toEqual([]);
    await expectWhole(world);
  } finally {
    world.close();
  }
}

test('whatever the relay does, nobody takes what was not said to it or takes it twice, and nothing is lost once it behaves', async () => {
  await fc.assert(
    fc.asyncProperty(fc.noBias(fc.array(step, { minLength: 1, maxLength: 2000, size: 'max' })), async (steps) => {
      failed = 1;
      await live(steps);
      failed = 0;
    }),
    { numRuns: WORLDS, seed: SEED, ...(PATH === undefined ? { endOnFailure: true } : { path: PATH }) },
  );
  if (PATH === undefined) expect(tried).toBeGreaterThanOrEqual(LEAST);
}, 600_000);
