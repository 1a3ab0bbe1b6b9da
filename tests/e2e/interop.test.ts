import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { newPairingCode } from '../../edge/protocol/pairing-code.ts';
import { ENGINES, startEngines } from '../support/engines.ts';

/* The phone's code runs in browsers, the desktop's in Bun, the relay's in Deno: each engine must read what every other wrote. */

setDefaultTimeout(120_000);

let engines: Awaited<ReturnType<typeof startEngines>>;
beforeAll(async () => {
  engines = await startEngines();
}, 180_000);
afterAll(() => engines.stop());

const pairs = ENGINES.flatMap((from) => ENGINES.map((to) => [from, to] as const));

test.each(pairs)('what %s seals and signs, %s verifies and opens', async (from, to) => {
  const sender = await engines.of(from).call('device', 'phone');
  const recipient = await engines.of(to).call('device', 'desktop');
  const json = JSON.stringify({ text: `from ${from} to ${to}: größer 🐘` });
  const compact = await engines.of(from).call('seal', [recipient], json);
  expect(await engines.of(to).call('open', compact, sender)).toBe(json);
  const forged = await engines.of(to).call('device', 'desktop');
  await expect(engines.of(to).call('open', compact, forged)).rejects.toThrow('not signed');
});

test.each(ENGINES)('what %s seals for four, all four open', async (from) => {
  const sender = await engines.of(from).call('device', 'phone');
  const all = await Promise.all(ENGINES.map((to) => engines.of(to).call('device', 'desktop')));
  const compact = await engines.of(from).call('seal', all, '{"a":1}');
  for (const to of ENGINES) expect(await engines.of(to).call('open', compact, sender)).toBe('{"a":1}');
});

test.each(pairs)('a phone in %s pairs with a desktop in %s, and both show the same digits', async (phone, desktop) => {
  const code = newPairingCode();
  const offer = await engines.of(desktop).call('offer', code);
  const { claim, digits } = await engines.of(phone).call('claim', code, offer);
  const { kid } = await engines.of(phone).call('device', 'phone');
  expect(await engines.of(desktop).call('openClaim', code, offer, claim)).toEqual({ kid, digits });
});

test.each(pairs)('what %s proves, %s believes', async (from, to) => {
  const proof = await engines.of(from).call('proof');
  expect(await engines.of(to).call('readProof', proof, await engines.of(from).call('device', 'phone'))).toBe('bind');
});
