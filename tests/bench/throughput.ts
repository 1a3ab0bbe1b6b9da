import { paired, sealed, type Pair } from '../support/paired.ts';
import type { RelayStack } from '../support/relay-stack.ts';

const WRITERS = 16;
/** Below the 200 that a desktop may send at once. */
const EACH = 60;

/** Envelopes that sixteen desktops of sixteen people store durably in a second, sending one after the other. */
export async function measureThroughput(stack: RelayStack): Promise<Record<string, number>> {
  const pairs: Pair[] = [];
  for (let i = 0; i < WRITERS; i++) pairs.push(await paired(stack));
  const mail = await Promise.all(
    pairs.map(({ desktop, phone }) =>
      Promise.all(Array.from({ length: EACH }, () => sealed(desktop.identity, [phone.identity]))),
    ),
  );
  const began = performance.now();
  await Promise.all(
    pairs.map(async ({ desktop }, i) => {
      for (const envelope of mail[i] ?? []) await desktop.relay.postEnvelope(envelope);
    }),
  );
  return { envelopes_per_s: (WRITERS * EACH * 1000) / (performance.now() - began) };
}
