import { afterEach, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noticeWords } from '../../agent/cli/notice-words.ts';
import type { Phone } from '../../mobile/state/phone.ts';
import { en } from '../../mobile/words/en.ts';
import { bunPhone, taskWith, viewWith } from '../mobile/support/bun-phone.ts';
import { record } from '../support/evidence.ts';
import { realWorker, type RealWorker } from '../support/real-worker.ts';
import { runStack, type RunningStack } from '../support/running-stack.ts';
import { codeOf, password } from '../support/stack-people.ts';
import { until } from '../support/until.ts';

/*
 * The relay's clock alone is an hour off: every other clock is, by as much, the other way; the phone's library for sessions, too, for
 * which the relay, its Auth and its database are a process of their own.
 */

setDefaultTimeout(60_000);

const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';
const HOUR_MS = 3_600_000;
const rightTime = Date.now;

let data: string;
let stack: RunningStack;
let worker: RealWorker;
let phone: Phone;
let renewals = 0;

afterEach(async () => {
  Date.now = rightTime;
  await phone.stop();
  await worker.clear();
  await stack.stop();
  rmSync(data, { recursive: true, force: true });
});

test.each([1, -1])('everybody signs in once, pairs, sends and hears by a relay that is off (%i h)', async (hours) => {
  data = mkdtempSync(join(tmpdir(), 'errand-relay-clock-'));
  stack = await runStack(data);
  const { url, publishableKey } = stack;
  worker = realWorker({ roots: ['~/Inbox'], relay: { url, publishableKey }, app: url });
  worker.put('Inbox/orders.csv', 'name,amount\nAnna,12\n');
  await worker.start({ LD_PRELOAD: FAKETIME, FAKETIME: hours > 0 ? '-1h' : '+1h' });
  Date.now = () => rightTime() - hours * HOUR_MS;
  renewals = 0;
  phone = bunPhone(url, {
    fetch: (input, init) => {
      if (new Request(input).url.includes('grant_type=refresh_token')) renewals++;
      return fetch(input, init);
    },
  });
  await phone.start();
  await phone.account.signUp({ email: 'owner@example.org', password });
  const { secret, factorId } = await phone.account.enrol();
  // By an authenticator on the phone.
  const wrong = await phone.account.verify(codeOf({ secret }), factorId).catch((error: unknown) => error);
  expect(wrong).toMatchObject({ code: 'account.code-wrong' });
  expect(en.faults('account.code-wrong')).toBe(
    'The code is not right. Take the one shown now; each works once. If none is right, set the clock of the device that shows it to automatic.',
  );
  await phone.account.verify(codeOf({ secret }, rightTime()), factorId);
  await pair();
  const desktop = phone.view().desktops[0]?.device.kid ?? '';
  const grants = [{ do: 'read' as const, path: '~/Inbox' }];
  const id = await phone.errands.send({ desktop, text: 'Make a table from the CSV files in ~/Inbox', grants });
  const task = await taskWith(phone, id, ({ standing }) => standing.is === 'ended');
  expect(task.standing).toEqual({ is: 'ended', fate: 'done' });
  const [said] = await until(
    () => worker.notices.flatMap((notice) => (notice.say === 'clock' ? [noticeWords(notice)] : [])),
    ({ length }) => length > 0,
  );
  expect(said).toStartWith(
    `The clock of this computer is 60 minutes ${hours > 0 ? 'behind' : 'ahead of'} the relay's.`,
  );
  expect(phone.view().stage).toBe('ready');
  expect(renewals).toBe(0);
  record({ is: 'faults', run: 'bad input', tasks: 1, injected: 1, lost: 0, repeated: 0 });
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
  await viewWith(phone, ({ desktops }) => desktops.some(({ seen }) => seen));
}
