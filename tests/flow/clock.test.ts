import { afterEach, expect, setDefaultTimeout, test } from 'bun:test';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { noticeWords } from '../../agent/cli/notice-words.ts';
import type { Phone } from '../../mobile/state/phone.ts';
import type { TaskView } from '../../mobile/state/view.ts';
import { bunPhone } from '../../mobile/terminal/bun-phone.ts';
import { en } from '../../mobile/words/en.ts';
import { record } from '../support/evidence.ts';
import { realWorker, type RealWorker } from '../support/real-worker.ts';
import { relayStack, type RelayStack } from '../support/relay-stack.ts';
import { codeOf, password } from '../support/stack-people.ts';
import { until } from '../support/until.ts';

/* Clocks that are an hour off: the real worker on a whole stack, and a phone on the app's own code. */

setDefaultTimeout(120_000);

const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';
const HOUR_MS = 3_600_000;

let stack: RelayStack;
let worker: RealWorker;
let phone: Phone;
let secret: string;

afterEach(async () => {
  await phone.stop();
  await worker.clear();
  await stack.stop();
});

const desktopOff = (hours: number): Record<string, string> =>
  hours === 0 ? {} : { LD_PRELOAD: FAKETIME, FAKETIME: `${hours > 0 ? '+' : ''}${hours}h` };

async function start(hours: { phone: number; desktop: number }): Promise<void> {
  stack = await relayStack();
  worker = realWorker({
    roots: ['~/Inbox'],
    relay: { url: stack.url, publishableKey: stack.publishableKey },
    app: stack.url,
  });
  worker.put('Inbox/orders.csv', 'name,amount\nAnna,12\n');
  await worker.start(desktopOff(hours.desktop));
  phone = newPhone(hours.phone);
  await phone.start();
  await phone.account.signUp({ email: 'owner@example.org', password });
  const factor = await phone.account.enrol();
  ({ secret } = factor);
  await phone.account.verify(codeOf({ secret }), factor.factorId);
}

const newPhone = (hours: number): Phone =>
  bunPhone({
    folder: join(worker.home, 'phone'),
    relayUrl: stack.url,
    name: 'Pixel 8',
    now: () => Date.now() + hours * HOUR_MS,
  });

async function pair(): Promise<void> {
  const offer = await worker.ask({ do: 'pair' });
  if (offer.is !== 'offer') throw new Error(JSON.stringify(offer));
  const opened = phone.pairing.open(offer.link);
  const claim = await until(
    () => worker.notices.find((notice) => notice.say === 'claim'),
    (found) => found !== undefined,
  );
  if (claim?.say !== 'claim') throw new Error('unreachable');
  await worker.ask({ do: 'allow', claim: claim.claim, ok: true, mayPower: true });
  await opened;
  await until(() => phone.view().desktops.find(({ seen }) => seen), Boolean);
}

const send = (): Promise<string> =>
  phone.errands.send({
    desktop: phone.view().desktops[0]?.device.kid ?? '',
    text: 'Make a table from the CSV files in ~/Inbox',
    grants: [{ do: 'read', path: '~/Inbox' }],
  });

const ended = (id: string): Promise<TaskView | undefined> =>
  until(
    () =>
      phone
        .view()
        .threads.flatMap(({ tasks }) => tasks)
        .find((task) => task.id === id),
    (task) => task?.standing.is === 'ended',
  );

const clockWords = (): string[] =>
  worker.notices.flatMap((notice) => (notice.say === 'clock' ? [noticeWords(notice) ?? ''] : []));

const met = (): void => record({ is: 'faults', run: 'bad input', tasks: 1, injected: 1, lost: 0, repeated: 0 });

test.each([
  { phone: 1, desktop: 0 },
  { phone: -1, desktop: 0 },
  { phone: 0, desktop: 1 },
  { phone: 0, desktop: -1 },
  { phone: 1, desktop: 1 },
  { phone: -1, desktop: -1 },
  { phone: 1, desktop: -1 },
])('clocks that are off by hours (%o) change nothing, and each side says that its own is wrong', async (hours) => {
  await start({ phone: 0, desktop: 0 });
  await pair();
  await phone.stop();
  await worker.end();
  worker.notices.splice(0);
  phone = newPhone(hours.phone);
  await phone.start();
  await worker.start(desktopOff(hours.desktop));
  const task = await ended(await send());
  expect(task?.standing).toEqual({ is: 'ended', fate: 'done' });
  expect(task?.chain).toBe('whole');
  if (hours.desktop !== 0) {
    const [words] = await until(clockWords, (all) => all.length > 0);
    const how = hours.desktop < 0 ? 'behind' : 'ahead of';
    expect(words).toBe(
      `The clock of this computer is 60 minutes ${how} the relay's. Set it to automatic; until then Errand goes by the relay's.`,
    );
  } else expect(clockWords()).toEqual([]);
  const line = await until(
    () => phone.view().line,
    (now) => (now.is === 'refused') === (hours.phone !== 0),
  );
  if (line.is === 'refused') {
    expect(en.faults(line.why)).toBe(
      'The clock of this device differs from the relay by more than five minutes. Set it right.',
    );
  }
  met();
});

test.each([
  { phone: 1, desktop: 0 },
  { phone: -1, desktop: 0 },
  { phone: 0, desktop: -1 },
  { phone: 0, desktop: 1 },
  { phone: -1, desktop: 1 },
])('a desktop is paired, and does its first errand, by clocks that are off by hours (%o)', async (hours) => {
  await start(hours);
  await pair();
  expect((await ended(await send()))?.standing).toEqual({ is: 'ended', fate: 'done' });
  met();
});

test('the owner signs in at a desk whose clock is off', async () => {
  await start({ phone: 0, desktop: 1 });
  // The code after the one that the phone used: each is good once.
  const code = codeOf({ secret }, Date.now() + 30_000);
  expect(await worker.ask({ do: 'login', email: 'owner@example.org', password, code })).toEqual({ is: 'done' });
  met();
});

test('what seems older than a wiped journal that a wrong clock began is refused in words, not in silence', async () => {
  await start({ phone: 0, desktop: 0 });
  await worker.end();
  for (const file of readdirSync(worker.data)) if (file.startsWith('journal')) rmSync(join(worker.data, file));
  await worker.start(desktopOff(1));
  await pair();
  expect((await ended(await send()))?.standing).toEqual({
    is: 'ended',
    fate: 'refused',
    why: 'It was written before this desktop began to keep its journal, or the clock of the phone or of the desktop is wrong. Set both to automatic, then send it again.',
  });
  await worker.end();
  await worker.start();
  expect((await ended(await send()))?.standing).toEqual({ is: 'ended', fate: 'done' });
  met();
});
