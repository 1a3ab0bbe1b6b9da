import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from 'bun:test';
import { memoryDb } from '../../mobile/link/memory-db.ts';
import type { Phone } from '../../mobile/state/phone.ts';
import { newClient } from '../support/stack-people.ts';
import type { TestStack } from '../support/stack.ts';
import { appStack } from './support/app-stack.ts';
import { bunPhone, codeOf, pairedPhone, PASSWORD, taskIn, taskWith, viewWith } from './support/bun-phone.ts';
import { newDesk, type Desk } from './support/desk.ts';

/* A session that ends without its phone's doing: said once, and nothing that was written is lost. */

const NEXT = 'another battery staple';

let stack: TestStack;
let desk: Desk;
let phone: Phone;
let email = '';
let secret = '';
const clock = { aheadMs: 0 };
const relayClock = { aheadMs: 0 };
/** No code is good twice: the next one. */
const nextCode = (): string => {
  clock.aheadMs += 60_000;
  return codeOf(secret, Date.now() + clock.aheadMs);
};

beforeAll(async () => {
  stack = await appStack({
    accessTokenSeconds: 60,
    clock: () => Date.now() + clock.aheadMs,
    relayClock: () => Date.now() + relayClock.aheadMs,
  });
});
afterAll(() => stack.stop());
beforeEach(async () => {
  clock.aheadMs = 0;
  relayClock.aheadMs = 0;
  desk = await newDesk(stack);
  phone = bunPhone(stack.url, { db: memoryDb() });
  ({ email, secret } = await pairedPhone(phone, desk));
});
afterEach(() => phone.stop());

const send = (text: string): Promise<string> =>
  phone.errands.send({ desktop: desk.identity.device.kid, text, grants: [] });

async function changePasswordElsewhere(): Promise<void> {
  const { auth } = newClient(stack);
  const { data } = await auth.signInWithPassword({ email, password: PASSWORD });
  const factorId = data.user?.factors?.[0]?.id ?? '';
  await auth.mfa.challengeAndVerify({ factorId, code: nextCode() });
  const { error } = await auth.updateUser({ password: NEXT });
  if (error) throw error;
}

const endings = [
  ['the password was changed elsewhere', changePasswordElsewhere, NEXT],
  ['the session was ended at the relay', async () => void (await stack.sql`delete from auth.sessions`), PASSWORD],
] as const;

describe.each(endings)('when %s', (_words, end, password) => {
  test('the phone says so and whose account it was, and what was written is sent after signing in', async () => {
    await end();
    // A token outlives its session until it expires.
    relayClock.aheadMs = 240_000;
    const id = await send('written after the end');
    const over = await viewWith(phone, ({ stage }) => stage === 'signed-out');
    expect(over.email).toBe(email);
    expect(taskIn(over, id)?.standing.is).toBe('here');
    relayClock.aheadMs = 0;
    const code = nextCode();
    await phone.account.signIn({ email, password });
    expect(phone.view().stage).toBe('factor');
    await phone.account.verify(code);
    await taskWith(phone, id, ({ standing }) => standing.is === 'relay');
    const heard = (await desk.hear()).filter(({ body }) => body.kind === 'task');
    expect(heard.map((up) => up.id)).toEqual([id]);
  });
});

test('who signed out is told nothing of a session that ended', async () => {
  await phone.account.signOut();
  expect(phone.view()).toMatchObject({ stage: 'signed-out', email: '' });
});

test('recovery codes that were shown and not saved are asked for again, saved ones not; each account for itself', async () => {
  const db = memoryDb();
  const another = bunPhone(stack.url, { db });
  const account = await pairedPhone(another, await newDesk(stack));
  await another.codes.look();
  expect(another.view().codes).toEqual({ settled: false, left: 0 });
  expect(await another.codes.make()).toHaveLength(10);
  await another.stop();
  const again = bunPhone(stack.url, { db });
  await again.start();
  await again.codes.look();
  expect(again.view().codes).toEqual({ settled: false, left: 10 });
  await again.codes.settle();
  expect(again.view().codes.settled).toBe(true);
  await again.account.signOut();
  expect(again.view().codes).toEqual({ settled: false, left: undefined });
  await again.account.signIn({ email: account.email, password: PASSWORD });
  clock.aheadMs += 60_000;
  await again.account.verify(codeOf(account.secret, Date.now() + clock.aheadMs));
  // Codes that exist were saved by somebody, as far as a phone can know.
  await again.codes.look();
  expect(again.view().codes).toEqual({ settled: true, left: 10 });
  await again.stop();
});
