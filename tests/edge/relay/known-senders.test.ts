import { afterAll, beforeAll, expect, test } from 'bun:test';
import { bind, paired, sealed, tokenOf, type Pair } from '../../support/paired.ts';
import { refusalOf } from '../../support/refusal.ts';
import { relayStack, type RelayStack } from '../../support/relay-stack.ts';
import { codeOf, newClient, password } from '../../support/stack-people.ts';

/* The relay remembers who stood behind a session. What it remembers must never decide. */

let stack: RelayStack;
let pair: Pair;
beforeAll(async () => {
  stack = await relayStack();
  pair = await paired(stack);
});
afterAll(() => stack.stop());

const send = async ({ phone, desktop }: Pair): Promise<unknown> =>
  phone.relay.postEnvelope(await sealed(phone.identity, [desktop.identity]));

test('a session that sent before and lost its phone to another session sends no more', async () => {
  await send(pair);
  const { email } = pair.person;
  const factor = (pair.person as unknown as { factor: { id: string; secret: string } }).factor;
  const later = newClient(stack);
  await later.auth.signInWithPassword({ email, password });
  const code = codeOf(factor, Date.now() + 30_000);
  const entered = await later.auth.mfa.challengeAndVerify({ factorId: factor.id, code });
  if (entered.error) throw entered.error;
  await bind(
    stack.client(() => tokenOf(later)),
    pair.phone.identity,
    later,
  );
  expect(await refusalOf(send(pair))).toBe('device.unbound');
});

test('a phone that sent before and was revoked sends no more', async () => {
  const other = await paired(stack);
  await send(other);
  await other.phone.relay.revokeDevice(other.phone.identity.device.kid);
  expect(await refusalOf(send(other))).toBe('device.unbound');
});

test('a desktop that sent before and was revoked sends no more', async () => {
  const other = await paired(stack);
  const report = async (): Promise<unknown> =>
    other.desktop.relay.postEnvelope(await sealed(other.desktop.identity, [other.phone.identity]));
  await report();
  await other.phone.relay.revokeDevice(other.desktop.identity.device.kid);
  expect(await refusalOf(report())).toBe('device.unknown');
});
