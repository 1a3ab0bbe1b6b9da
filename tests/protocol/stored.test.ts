import { beforeAll, expect, test } from 'bun:test';
import { parseEnvelope, timeFault, verifyEnvelope } from '../../edge/protocol/envelope.ts';
import { eventHash } from '../../edge/protocol/event.ts';
import { comparisonDigits } from '../../edge/protocol/pairing-code.ts';
import { checkOffer, openClaim } from '../../edge/protocol/pairing.ts';
import { parcelSchema, unpackParcel } from '../../edge/protocol/parcel.ts';
import { readProof, type Proof } from '../../edge/protocol/proof.ts';
import { openEnvelope } from '../../edge/protocol/seal.ts';
import { upSchema } from '../../edge/protocol/up.ts';
import { heardSchema } from '../../mobile/link/heard.ts';
import type { Identity } from '../../edge/protocol/identity.ts';
import { storedIdentities, type StoredName } from '../support/stored-keys.ts';
import first from './stored/v1/envelopes.json';
import file from './stored/v1/file.json';
import pairing from './stored/v1/pairing.json';
import second from './stored/v2/envelopes.json';
import proofs from './stored/v2/proofs.json';

/* Messages as each version wrote them first. They must open and be understood by every later one: the files are never changed. */

interface Stored {
  readonly what: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly body: Readonly<Record<string, unknown>>;
  readonly envelope: string;
}
const named = (version: number, messages: readonly Stored[]): readonly Stored[] =>
  messages.map((message) => ({ ...message, what: `${message.what}, version ${version}` }));
const messages = [...named(1, first), ...named(2, second)];
const OF_TOMORROW = / of tomorrow, version/;

let who: Record<StoredName, Identity>;
beforeAll(async () => {
  who = await storedIdentities();
});
const identityOf = (name: string): Identity => who[name as StoredName];

async function openedBy(name: string, { envelope, from }: Stored): Promise<string> {
  const parsed = parseEnvelope(envelope);
  expect(await verifyEnvelope(parsed, identityOf(from).device.sig)).toBe(true);
  const { device, encryption } = identityOf(name);
  return openEnvelope(parsed, device.kid, [{ ek: device.ek, pair: encryption }]);
}

test.each(messages.map((message) => [message.what, message] as const))('%s: opens', async (_, message) => {
  for (const name of message.to) expect(JSON.parse(await openedBy(name, message))).toEqual(message.body);
  expect(timeFault(parseEnvelope(message.envelope).header, 1_795_000_100)).toBeUndefined();
});

const understood = messages.filter(({ what }) => !OF_TOMORROW.test(what));

test.each(understood.map((message) => [message.what, message] as const))('%s: is understood', (_, message) => {
  const parsed = (message.from === 'phone' ? upSchema : heardSchema).parse(message.body);
  const { mood: _mood, ...known } = message.body;
  if (!message.what.startsWith('an event with a member this version does not know'))
    expect(parsed).toEqual(known as never);
  else expect(parsed).toMatchObject({ kind: 'event', what: { kind: 'note', text: 'x' } });
});

test('a word of tomorrow to a phone is heard as that, and to a desktop is refused', () => {
  const newer = messages.filter(({ what }) => OF_TOMORROW.test(what)).map(({ from, body }) => ({ from, body }));
  expect(newer).toHaveLength(3);
  for (const { from, body } of newer) {
    if (from === 'phone') expect(upSchema.safeParse(body).success).toBe(false);
    else if (body['kind'] === 'event') expect(heardSchema.parse(body)).toMatchObject({ what: { kind: 'newer' } });
    else expect(heardSchema.parse(body)).toEqual({ kind: 'newer' });
  }
});

test('the events of version 1 are a chain', async () => {
  let prev: string | null = null;
  for (const message of named(1, first).filter(({ body }) => body['kind'] === 'event')) {
    expect(message.body['prev']).toBe(prev);
    prev = await eventHash(await openedBy('phone', message));
  }
  expect(prev).not.toBeNull();
});

test('an offer and a claim of version 1 pair', async () => {
  const { code, offer, claim, digits, now } = pairing;
  expect(await checkOffer(code, offer, now)).toEqual(who.desktop.device);
  expect(await openClaim({ code, offer, claim, desktop: who.desktop })).toEqual(who.phone.device);
  expect(await comparisonDigits(code, offer.body, claim)).toBe(digits);
});

test('the proofs of each version are proofs', async () => {
  for (const { by, proof, text } of [...pairing.proofs, ...proofs]) {
    expect(await readProof(text, identityOf(by).device.sig)).toEqual(proof as Proof);
  }
});

test('a file that version 1 sent in parts is put together', async () => {
  const parts = new Map(Object.entries(file.parts));
  const bytes = await unpackParcel(parcelSchema.parse(file.parcel), async (id) =>
    Uint8Array.fromBase64(parts.get(id) ?? ''),
  );
  expect(bytes).toEqual(new Uint8Array(file.size).fill(file.byte));
});
