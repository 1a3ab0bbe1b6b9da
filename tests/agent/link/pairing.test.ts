import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '../../../edge/protocol/id.ts';
import { newIdentity, type Identity } from '../../../edge/protocol/identity.ts';
import { comparisonDigits, newPairingCode, pairingId, readPairingLink } from '../../../edge/protocol/pairing-code.ts';
import { checkOffer, makeClaim } from '../../../edge/protocol/pairing.ts';
import { readProof } from '../../../edge/protocol/proof.ts';
import { RelayError } from '../../../edge/mailbox/relay-client.ts';
import type { Notice } from '../../../agent/control/messages.ts';
import { openJournal, type Journal } from '../../../agent/journal/journal.ts';
import { listPeers, pinPeer, readPeer } from '../../../agent/journal/peer.ts';
import { addTask } from '../../../agent/journal/task.ts';
import type { PairingPoint } from '../../../agent/link/finish-pairing.ts';
import { createPairing, type Pairing } from '../../../agent/link/pairing.ts';
import { attack } from '../../support/evidence.ts';
import { someTask } from '../../support/memory-phone.ts';
import { memoryRelay, type MemoryRelay } from '../../support/memory-relay.ts';
import { until } from '../../support/until.ts';

let folder: string;
let journal: Journal;
let relay: MemoryRelay;
let desktop: Identity;
let phone: Identity;
let pairing: Pairing;
let notices: Notice[];
let paired = 0;
let ahead = 0;

beforeEach(async () => {
  ahead = 0;
  paired = 0;
  notices = [];
  folder = mkdtempSync(join(tmpdir(), 'errand-pairing-'));
  journal = openJournal({ folder, now: () => Date.now() + ahead });
  relay = memoryRelay();
  desktop = await newIdentity({ kind: 'desktop', name: 'Studio-PC', extractable: true });
  phone = await newIdentity({ kind: 'phone', name: 'Pixel 8', extractable: false });
  pairing = makePairing();
});
afterEach(() => {
  pairing.hide();
  journal.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Over {
  remotePower?: boolean;
  confirm?: () => Promise<void>;
  registered?: boolean;
  failpoint?: (name: PairingPoint) => void;
}

const makePairing = (over: Over = {}): Pairing => {
  const client = relay.client(desktop.device.kid);
  return createPairing({
    now: () => Math.floor(journal.now() / 1000),
    journal,
    keys: { identity: desktop, turn: () => 0 },
    isRegistered: () => Promise.resolve(over.registered ?? false),
    failpoint: (name) => over.failpoint?.(name),
    log: () => undefined,
    relay: over.confirm ? { ...client, confirmPairing: over.confirm } : client,
    app: 'https://app.example',
    linkRelay: { url: 'https://relay.example/', publishableKey: 'pk' },
    remotePower: over.remotePower ?? true,
    notify: (notice) => notices.push(notice),
    onPaired: () => paired++,
    setTimer: (run) => {
      const timer = setTimeout(run, 20);
      return () => clearTimeout(timer);
    },
  });
};

async function codeShown(): Promise<string> {
  const { link } = await pairing.show();
  const read = readPairingLink(new URL(link).hash);
  expect(read?.relay).toEqual({ url: 'https://relay.example/', publishableKey: 'pk' });
  return read?.code ?? '';
}

/** What the phone does: fetch, check, claim. Resolves with the digits it shows. */
async function claim(code: string, options: { wrongCode?: string } = {}): Promise<string> {
  const client = relay.client(phone.device.kid);
  const pid = await pairingId(code);
  const status = await client.pairing(pid);
  if (status.state !== 'open') throw new Error(status.state);
  const found = await checkOffer(code, status.offer, Math.floor((Date.now() + ahead) / 1000));
  const made = await makeClaim({ code: options.wrongCode ?? code, offer: status.offer, desktop: found, phone });
  await client.claimPairing(pid, made, phone.device);
  return comparisonDigits(code, status.offer.body, made);
}

const heardClaim = async () => {
  const found = await until(
    () => notices.findLast((notice) => notice.say === 'claim'),
    (notice) => notice !== undefined,
  );
  if (found?.say !== 'claim') throw new Error('no claim');
  return found;
};

test('both screens show the same digits, and one key press pins the phone', async () => {
  const digits = await claim(await codeShown());
  const heard = await heardClaim();
  expect(heard).toMatchObject({ name: 'Pixel 8', digits });
  expect(listPeers(journal)).toEqual([]);
  await pairing.allow({ claim: heard.claim, ok: true, mayPower: true });
  expect(readPeer(journal, phone.device.kid)).toMatchObject({ device: phone.device, mayPower: true, mayHistory: true });
  expect(await readProof(relay.confirmed[0] ?? '', desktop.device.sig)).toMatchObject({ use: 'confirm', ok: true });
  expect(paired).toBe(1);
  expect(notices.at(-1)).toEqual({ say: 'paired', name: 'Pixel 8' });
});

attack('pairing', 'a refused phone is not pinned, and the relay is told', async () => {
  await claim(await codeShown());
  await pairing.allow({ claim: (await heardClaim()).claim, ok: false, mayPower: true });
  expect(listPeers(journal)).toEqual([]);
  expect(await readProof(relay.confirmed[0] ?? '', desktop.device.sig)).toMatchObject({ ok: false });
});

attack('pairing', 'a claim made without the code burns the offer: another one is shown', async () => {
  const code = await codeShown();
  await claim(code, { wrongCode: newPairingCode() });
  const offer = await until(
    () => notices.find((notice) => notice.say === 'offer'),
    (notice) => notice !== undefined,
  );
  expect(offer?.say === 'offer' && readPairingLink(new URL(offer.link).hash)?.code).not.toBe(code);
  expect(notices.some(({ say }) => say === 'claim')).toBe(false);
});

attack('pairing', 'allowing another claim than the one on the screen does nothing', async () => {
  await claim(await codeShown());
  await heardClaim();
  await expect(pairing.allow({ claim: 'another', ok: true, mayPower: true })).rejects.toThrow('over');
  expect(listPeers(journal)).toEqual([]);
});

test('a shown offer is renewed before it ends, under the same code', async () => {
  const code = await codeShown();
  ahead = 500_000;
  const client = relay.client(phone.device.kid);
  const pid = await pairingId(code);
  await until(
    async () => {
      const status = await client.pairing(pid);
      return (
        status.state === 'open' &&
        (await checkOffer(code, status.offer, Math.floor(Date.now() / 1000) + 700).catch(() => undefined))
      );
    },
    (device) => Boolean(device),
  );
  await claim(code);
  expect((await heardClaim()).name).toBe('Pixel 8');
});

test('a phone that the relay did not take is forgotten again', async () => {
  pairing = makePairing({ confirm: () => Promise.reject(new RelayError('pairing.unknown', 'too late')) });
  await claim(await codeShown());
  const { claim: id } = await heardClaim();
  await expect(pairing.allow({ claim: id, ok: true, mayPower: true })).rejects.toThrow('too late');
  expect(listPeers(journal)).toEqual([]);
});

attack('pairing', 'a second claim of a shown offer is not allowed in the place of the first', async () => {
  const code = await codeShown();
  await claim(code);
  const first = await heardClaim();
  const thief = await newIdentity({ kind: 'phone', name: 'Pixel 8', extractable: false });
  const pid = await pairingId(code);
  const status = await relay.client('relay').pairing(pid);
  if (status.state !== 'claimed') throw new Error(status.state);
  const made = await makeClaim({ code, offer: status.offer, desktop: desktop.device, phone: thief });
  await relay.client('relay').claimPairing(pid, made, thief.device);
  await until(
    () => notices.filter((notice) => notice.say === 'claim').length,
    (count) => count === 2,
  );
  await expect(pairing.allow({ claim: first.claim, ok: true, mayPower: true })).rejects.toThrow('over');
  expect(listPeers(journal)).toEqual([]);
});

attack('pairing', 'where the owner never lets phones set the switches, none may', async () => {
  pairing = makePairing({ remotePower: false });
  await claim(await codeShown());
  await pairing.allow({ claim: (await heardClaim()).claim, ok: true, mayPower: true });
  expect(readPeer(journal, phone.device.kid)?.mayPower).toBe(false);
});

attack('pairing', 'a ninth phone is refused before anything is written', async () => {
  for (let i = 0; i < 8; i++) {
    const { device } = await newIdentity({ kind: 'phone', name: `Phone ${i}`, extractable: false });
    pinPeer(journal, { device, mayPower: false, mayHistory: false });
  }
  await claim(await codeShown());
  await expect(pairing.allow({ claim: (await heardClaim()).claim, ok: true, mayPower: true })).rejects.toThrow('Eight');
  expect(listPeers(journal)).toHaveLength(8);
});

describe('a desktop that dies after the key was pressed', () => {
  const pressAndDie = async (at: PairingPoint): Promise<string> => {
    pairing = makePairing({
      failpoint: (name) => {
        if (name === at) throw new Error('killed');
      },
    });
    const code = await codeShown();
    await claim(code);
    await expect(pairing.allow({ claim: (await heardClaim()).claim, ok: true, mayPower: true })).rejects.toThrow(
      'killed',
    );
    pairing.hide();
    notices = [];
    return code;
  };
  const greeted = (): number =>
    journal.db.query<{ n: number }, []>(`select count(*) as n from out where json like '%"trust"%'`).get()?.n ?? 0;
  const settled = () =>
    until(
      () => readPeer(journal, phone.device.kid),
      (peer) => !peer?.pairing,
    );

  test.each(['pair.pinned', 'pair.confirmed'] satisfies PairingPoint[])(
    'at %s confirms and greets the phone when it starts again',
    async (point) => {
      const code = await pressAndDie(point);
      expect(greeted()).toBe(0);
      pairing = makePairing();
      pairing.resume();
      expect(await settled()).toMatchObject({ pairing: null });
      expect(greeted()).toBe(1);
      expect((await relay.client('x').pairing(await pairingId(code))).state).toBe('confirmed');
      expect(notices).toEqual([{ say: 'paired', name: 'Pixel 8' }]);
    },
  );

  test('and finds the offer gone trusts the phone only when the relay has it', async () => {
    await pressAndDie('pair.pinned');
    const gone = () => Promise.reject(new RelayError('pairing.unknown', 'gone'));
    pairing = makePairing({ confirm: gone });
    pairing.resume();
    expect(await settled()).toBeUndefined();
    expect(greeted()).toBe(0);
    await pressAndDie('pair.confirmed');
    pairing = makePairing({ confirm: gone, registered: true });
    pairing.resume();
    expect(await settled()).toMatchObject({ pairing: null });
    expect(greeted()).toBe(1);
  });
});

test('a relay that did not answer is asked again, and the phone stays pinned meanwhile', async () => {
  let tries = 0;
  const silent = new RelayError('network.unreachable', 'no answer');
  pairing = makePairing({ confirm: () => (++tries < 3 ? Promise.reject(silent) : Promise.resolve()) });
  await claim(await codeShown());
  await expect(pairing.allow({ claim: (await heardClaim()).claim, ok: true, mayPower: true })).rejects.toThrow(
    'answer',
  );
  expect(readPeer(journal, phone.device.kid)?.pairing).not.toBeNull();
  await until(
    () => readPeer(journal, phone.device.kid),
    (peer) => peer?.pairing === null,
  );
  expect(tries).toBe(3);
  expect(paired).toBe(1);
});

test('who allows decides whether the phone reads older errands, where there are any', async () => {
  await claim(await codeShown());
  expect((await heardClaim()).history).toBeUndefined();
  addTask(journal, { id: newId(), task: someTask('Older'), from: { kid: desktop.device.kid, name: 'Studio-PC' } });
  pinPeer(journal, {
    device: (await newIdentity({ kind: 'phone', name: 'First', extractable: false })).device,
    mayPower: true,
    mayHistory: true,
  });
  notices = [];
  pairing.hide();
  await claim(await codeShown());
  const heard = await heardClaim();
  expect(heard.history).toBe(false);
  await pairing.allow({ claim: heard.claim, ok: true, mayPower: false, mayHistory: true });
  expect(readPeer(journal, phone.device.kid)?.mayHistory).toBe(true);
});

test('two terminals that ask at once show one offer', async () => {
  const [one, other] = await Promise.all([pairing.show(), pairing.show()]);
  expect(one.link).toBe(other.link);
});
