import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { accept } from '../../../edge/mailbox/accept.ts';
import { newId } from '../../../edge/protocol/id.ts';
import { newIdentity, type Identity } from '../../../edge/protocol/identity.ts';
import { sealEnvelope } from '../../../edge/protocol/seal.ts';
import { openJournal, type Journal } from '../../../agent/journal/journal.ts';
import { pinPeer } from '../../../agent/journal/peer.ts';
import { listUnended, readTask } from '../../../agent/journal/task.ts';
import { desktopReceiver } from '../../../agent/link/inbox.ts';
import { record } from '../../support/evidence.ts';

/* Whatever the relay delivers and whatever a paired phone says: the inbox decides and goes on. */

setDefaultTimeout(120_000);

let folder: string;
let journal: Journal;
let desktop: Identity;
let phone: Identity;
const seconds = (): number => Math.floor(Date.now() / 1000);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'errand-fuzz-'));
  journal = openJournal({ folder, now: Date.now });
  desktop = await newIdentity({ kind: 'desktop', name: 'Studio-PC', extractable: true });
  phone = await newIdentity({ kind: 'phone', name: 'Pixel', extractable: false });
  pinPeer(journal, { device: phone.device, mayPower: true, mayHistory: true });
});
afterAll(() => {
  journal.close();
  rmSync(folder, { recursive: true, force: true });
});

const seal = (json: string, k: 'task' | 'ctl', id = newId()): Promise<string> =>
  sealEnvelope({
    identity: phone,
    recipients: [desktop.device],
    header: { k, id, n: 1, iat: seconds(), exp: seconds() + 60 },
    json,
  });

async function receive(compact: string): Promise<string> {
  const receiver = desktopReceiver(journal, desktop);
  const verdict = await accept(compact, receiver);
  if (verdict.is === 'accepted') await receiver.store.take(verdict.accepted);
  if (verdict.is === 'refused') await receiver.store.refuse({ id: newId(), why: verdict.why, compact });
  return verdict.is;
}

const words = fc.string({ unit: 'binary', minLength: 1, maxLength: 50 });
const whole = fc.oneof(fc.maxSafeInteger(), fc.constant(-0), fc.constant(2 ** 53 - 1));
const id = fc.oneof(fc.constantFrom('A'.repeat(22), 'B'.repeat(22)), fc.constant(null));
const task = fc.record(
  {
    kind: fc.constant('task'),
    text: words,
    thread: id,
    after: id,
    ifMissed: fc.constantFrom('run', 'skip', 'ask'),
    grants: fc.array(
      fc.oneof(
        fc.record({ do: fc.constant('read'), path: words }),
        fc.record({ do: fc.constant('script'), name: words }),
      ),
      {
        maxLength: 3,
      },
    ),
    deadline: whole,
    budget: fc.record({ steps: whole, tokens: whole }, { requiredKeys: [] }),
    script: words,
    more: fc.jsonValue(),
  },
  { requiredKeys: ['kind', 'text', 'thread', 'after', 'ifMissed', 'grants'] },
);
const control = fc.oneof(
  fc.record({ kind: fc.constant('cancel'), t: fc.constantFrom('A'.repeat(22), 'C'.repeat(22)) }),
  fc.record({
    kind: fc.constant('sync'),
    have: fc.dictionary(fc.oneof(words, fc.constantFrom('__proto__', 'constructor', 'toString')), whole),
    version: whole,
    name: words,
  }),
  fc.record({
    kind: fc.constant('set'),
    rev: whole,
    settings: fc.record({ lid: fc.boolean(), idle: fc.boolean(), idleMinutes: fc.integer({ min: 0, max: 2000 }) }),
  }),
  fc.record({
    kind: fc.constant('answer'),
    ask: fc.constant('A'.repeat(22)),
    digests: fc.array(words),
    ok: fc.boolean(),
    scope: fc.constant('once'),
  }),
  fc.record({ kind: fc.constant('drop'), kid: fc.constant('z'.repeat(43)) }),
);

test('bytes that nobody sealed are refused', async () => {
  const tried = 1000;
  const genuine = await seal('{"kind":"cancel","t":"AAAAAAAAAAAAAAAAAAAAAA"}', 'ctl');
  const bent = fc
    .tuple(fc.nat(genuine.length - 1), fc.string({ unit: 'binary', maxLength: 4 }))
    .map(([at, by]) => genuine.slice(0, at) + by + genuine.slice(at + 1));
  await fc.assert(
    fc.asyncProperty(fc.oneof(bent, fc.string({ unit: 'binary' }), fc.base64String()), async (compact) => {
      fc.pre(compact !== genuine);
      expect(await receive(compact)).toBe('refused');
    }),
    { numRuns: tried },
  );
  record({ is: 'attacks', on: 'header and recipient', tried, succeeded: 0 });
});

test('whatever a paired phone says is taken or refused, and leaves a journal that can be read', async () => {
  const said = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.tuple(
        fc.constant<'task'>('task'),
        task.map((body) => JSON.stringify(body)),
      ),
    },
    {
      weight: 4,
      arbitrary: fc.tuple(
        fc.constant<'ctl'>('ctl'),
        control.map((body) => JSON.stringify(body)),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom<'task' | 'ctl'>('task', 'ctl'), fc.oneof(fc.json(), fc.string())),
    },
  );
  await fc.assert(
    fc.asyncProperty(said, async ([k, json]) => {
      const t = newId();
      const is = await receive(await seal(json, k, t));
      expect(['accepted', 'refused']).toContain(is);
      expect(listUnended(journal).length).toBeGreaterThanOrEqual(0);
      if (is === 'accepted' && k === 'task') expect(readTask(journal, t)?.id).toBe(t);
    }),
    { numRuns: 1000 },
  );
});
