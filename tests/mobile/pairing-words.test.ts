import { afterAll, afterEach, beforeAll, beforeEach, expect, setDefaultTimeout, test } from 'bun:test';
import { newPairingCode, showPairingCode } from '../../edge/protocol/pairing-code.ts';
import type { Phone } from '../../mobile/state/phone.ts';
import { en } from '../../mobile/words/en.ts';
import type { TestStack } from '../support/stack.ts';
import { appStack } from './support/app-stack.ts';
import { bunPhone, signUp, viewWith } from './support/bun-phone.ts';
import { newDesk, type Desk } from './support/desk.ts';

/* What a person reads when a pairing does not come about, and that the next code works. */

setDefaultTimeout(60_000);

let stack: TestStack;
let desk: Desk;
let phone: Phone;
beforeAll(async () => {
  stack = await appStack();
});
afterAll(() => stack.stop());
beforeEach(async () => {
  desk = await newDesk(stack);
  phone = bunPhone(stack.url);
  await phone.start();
  await signUp(phone);
});
afterEach(async () => {
  const { code, claimed } = await desk.offer();
  const opened = phone.pairing.open(code);
  await (await claimed).allow();
  await opened;
  expect(phone.view().pairing.is).toBe('paired');
  await phone.stop();
});

async function wordsOf(code: string): Promise<string> {
  await phone.pairing.open(code);
  const { pairing } = phone.view();
  return pairing.is === 'failed' ? en.faults(pairing.why) : pairing.is;
}

const NO_OFFER =
  'No desktop shows this code now: it is mistyped, or too old. Compare it, or run errand pair at the desktop for a new one.';

test('something that is no code', async () => {
  const words = 'This is no pairing code. Type the 20 letters and digits that the desktop shows.';
  expect(await wordsOf('K7QM')).toBe(words);
  expect(await wordsOf('https://example.org/')).toBe(words);
});

test('a code that no desktop shows, as often as it is typed', async () => {
  for (let tries = 0; tries < 4; tries++) expect(await wordsOf(showPairingCode(newPairingCode()))).toBe(NO_OFFER);
});

test('a code whose time is over', async () => {
  const { code, claimed } = await desk.offer();
  claimed.catch(() => undefined);
  await stack.sql`update private.pairings set exp = now() - interval '1 second'`;
  expect(await wordsOf(code)).toBe(NO_OFFER);
});

test('a code that another phone used first', async () => {
  const { code, claimed } = await desk.offer();
  const other = bunPhone(stack.url);
  await other.start();
  await signUp(other);
  void other.pairing.open(code);
  const claim = await claimed;
  expect(await wordsOf(code)).toBe('This offer was used already. Show a new one at the desktop.');
  await claim.refuse();
  await viewWith(other, ({ pairing }) => pairing.is === 'failed');
  await other.stop();
});

test.each([0, 2])('a desk that says no, after %i times before: the third is the last for this code', async (before) => {
  const { code, claimed } = await desk.offer();
  await stack.sql`update private.pairings set tries = ${before} where state = 'open'`;
  const opened = wordsOf(code);
  await (await claimed).refuse();
  const words =
    'It was not allowed at the desktop. To try again, run errand pair there and use the code that it shows then.';
  expect(await opened).toBe(words);
  if (before === 2) expect(en.faults('pairing.tries')).toBe('Too many tries. Show a new code at the desktop.');
});
