import { beforeAll, beforeEach, expect } from 'bun:test';
import * as z from 'zod/mini';
import { accept, type Receiver } from '../../edge/mailbox/accept.ts';
import type { Device } from '../../edge/protocol/device.ts';
import { newId } from '../../edge/protocol/id.ts';
import { newIdentity, type Identity } from '../../edge/protocol/identity.ts';
import { sealEnvelope, type HeaderChoice, type Recipient } from '../../edge/protocol/seal.ts';
import { attack } from '../support/evidence.ts';
import { signedBy } from '../support/forge.ts';

/* What a recipient refuses although the relay delivered it. */

const NOW = 1_800_000_000;
const bodySchema = z.object({ kind: z.literal('hello'), text: z.string() });
type Body = z.infer<typeof bodySchema>;

let phone: Identity;
let desktop: Identity;
let stranger: Identity;
let known: Set<string>;
let peers: readonly Device[];

beforeAll(async () => {
  phone = await newIdentity({ kind: 'phone', name: 'Pixel', extractable: false });
  desktop = await newIdentity({ kind: 'desktop', name: 'Studio', extractable: false });
  stranger = await newIdentity({ kind: 'phone', name: 'Stranger', extractable: false });
});
beforeEach(() => {
  known = new Set();
  peers = [phone.device];
});

const receiver = (): Receiver<Body> => ({
  kid: desktop.device.kid,
  keys: () => [{ ek: desktop.device.ek, pair: desktop.encryption }],
  schema: bodySchema,
  allows: (header) => header.k === 'ctl',
  now: () => NOW,
  store: {
    trusted: async (kid) => peers.find((peer) => peer.kid === kid),
    notBefore: async () => NOW - 1000,
    knows: async (id) => known.has(id),
    take: async ({ envelope }) => void known.add(envelope.header.id),
    refuse: async () => undefined,
  },
});

interface Sealing extends Partial<HeaderChoice> {
  from?: Identity;
  to?: Recipient;
  json?: string;
}
const seal = ({ from = phone, to = desktop.device, json = '{"kind":"hello","text":"x"}', ...header }: Sealing = {}) =>
  sealEnvelope({
    identity: from,
    recipients: [to],
    json,
    header: { k: 'ctl', id: newId(), n: 0, iat: NOW, exp: NOW + 60, ...header },
  });

/** What became of it: `accepted`, `duplicate`, or why it was refused. */
async function verdictOn(compact: string): Promise<string> {
  const verdict = await accept(compact, receiver());
  if (verdict.is === 'accepted') await receiver().store.take(verdict.accepted);
  return verdict.is === 'refused' ? verdict.why : verdict.is;
}

for (const [on, sentence, why, make] of [
  ['header and recipient', 'what is no envelope is refused', 'envelope.malformed', async () => 'x.y.z'],
  [
    'sender and signature',
    'a sender that is not on the local trust list is refused',
    'sender.unknown',
    () => seal({ from: stranger }),
  ],
  [
    'sender and signature',
    "an envelope under a trusted phone's name with another device's signature is refused",
    'signature.bad',
    async () => signedBy(await seal(), stranger),
  ],
  [
    'sender and signature',
    'an envelope that another device sealed under the name of a trusted phone is refused',
    'signature.bad',
    () => seal({ from: { ...stranger, device: phone.device } }),
  ],
  [
    'header and recipient',
    'an envelope for another device is refused, even when it is sealed to this one',
    'recipient.other',
    () => seal({ to: { ...desktop.device, kid: stranger.device.kid } }),
  ],
  [
    'header and recipient',
    'an envelope sealed to a key that this device does not have is refused',
    'body.unreadable',
    () => seal({ to: { ...stranger.device, kid: desktop.device.kid } }),
  ],
  [
    'replay and time',
    'an envelope whose time is over is refused, however late the relay delivers it',
    'time.expired',
    () => seal({ iat: NOW - 100, exp: NOW }),
  ],
  [
    'replay and time',
    'an envelope from the future is refused',
    'time.future',
    () => seal({ iat: NOW + 301, exp: NOW + 900 }),
  ],
  [
    'replay and time',
    'an envelope from before the journal began is refused: a wiped journal is not replayed into',
    'time.before-journal',
    () => seal({ iat: NOW - 1001 }),
  ],
  [
    'header and recipient',
    'a body of no known kind is refused',
    'body.unknown',
    () => seal({ json: '{"kind":"newer"}' }),
  ],
  ['header and recipient', 'a body that is no JSON is refused', 'body.unreadable', () => seal({ json: 'not json' })],
  [
    'header and recipient',
    'a body under a kind of envelope that is not its own is refused',
    'kind.not-allowed',
    () => seal({ k: 'task' }),
  ],
] satisfies [string, string, string, () => Promise<string>][]) {
  attack(on, sentence, async () => {
    expect(await verdictOn(await make())).toBe(why);
    expect(known.size).toBe(0);
  });
}

attack('replay and time', 'an envelope that was taken is not taken again', async () => {
  const compact = await seal();
  expect(await verdictOn(compact)).toBe('accepted');
  expect(await verdictOn(compact)).toBe('duplicate');
});

attack('replay and time', 'the id of a taken envelope is spent, also for other words under it', async () => {
  const id = newId();
  expect(await verdictOn(await seal({ id }))).toBe('accepted');
  expect(await verdictOn(await seal({ id, json: '{"kind":"hello","text":"y"}' }))).toBe('duplicate');
});
