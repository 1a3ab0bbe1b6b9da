import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { RelayClient } from '../../../edge/mailbox/relay-client.ts';
import type { Identity } from '../../../edge/protocol/identity.ts';
import { newPairingCode, pairingId } from '../../../edge/protocol/pairing-code.ts';
import { makeOffer, openClaim } from '../../../edge/protocol/pairing.ts';
import { attack } from '../../support/evidence.ts';
import {
  ageFactor,
  claimOf,
  confirmationOf,
  desktopIdentity,
  nowSeconds,
  offerOf,
  paired,
  phoneIdentity,
  tokenOf,
  type Offered,
} from '../../support/paired.ts';
import { refusalOf } from '../../support/refusal.ts';
import { rows } from '../../support/rows.ts';
import { limits, relayStack, type RelayStack } from '../../support/relay-stack.ts';
import { owner, type Person } from '../../support/stack-people.ts';

let stack: RelayStack;
let person: Person;
let mine: RelayClient;
let other: RelayClient;
let phone: Identity;
let desktop: Identity;
let offered: Offered;
beforeAll(async () => {
  stack = await relayStack();
  person = await owner(stack);
  mine = stack.client(() => tokenOf(person.client));
  const stranger = await owner(stack);
  other = stack.client(() => tokenOf(stranger.client));
}, 60_000);
afterAll(() => stack.stop());
beforeEach(async () => {
  await stack.sql`delete from private.buckets`;
  [phone, desktop] = await Promise.all([phoneIdentity(), desktopIdentity()]);
  offered = await offerOf(stack, desktop);
});

const claimIt = (relay = mine, by = phone) => claimOf(relay, offered, { phone: by, desktop: desktop.device });
const seenByDesktop = () => stack.client().pairing(offered.pid, offered.pollSecret);

async function answerIt(claim: string, word: { ok?: boolean; iat?: number; phone?: string; by?: Identity } = {}) {
  const { by = desktop, phone: kid = phone.device.kid, ...more } = word;
  const proof = await confirmationOf(by, offered, { phone: kid, claim, ...more });
  return refusalOf(stack.client().confirmPairing(offered.pid, proof, offered.pollSecret));
}

describe('a pairing', () => {
  test("goes from offer to claim to both devices being the claiming person's", async () => {
    expect(await mine.pairing(offered.pid)).toEqual({ state: 'open', offer: offered.offer });
    const claim = await claimIt();
    const seen = await seenByDesktop();
    expect(seen).toEqual({ state: 'claimed', offer: offered.offer, claim });
    expect(await openClaim({ code: offered.code, offer: offered.offer, claim, desktop })).toEqual(phone.device);
    expect(await answerIt(claim)).toBeUndefined();
    expect(await mine.pairing(offered.pid)).toEqual({ state: 'confirmed', offer: offered.offer });
    const { devices } = await mine.devices();
    expect(devices.map(({ kid }) => kid)).toEqual(expect.arrayContaining([phone.device.kid, desktop.device.kid]));
  });

  test('can be said yes to twice, with one account for the desktop', async () => {
    const claim = await claimIt();
    expect([await answerIt(claim), await answerIt(claim)]).toEqual([undefined, undefined]);
    const machines = await stack.sql`
      select raw_app_meta_data as meta, email from auth.users where raw_app_meta_data ->> 'kid' = ${desktop.device.kid}`;
    expect(machines).toHaveLength(1);
    expect(machines[0]).toMatchObject({ meta: { kind: 'device', kid: desktop.device.kid, owner: person.userId } });
    expect(String(machines[0]?.['email'])).toEndWith('@device.invalid');
  });

  test('keeps the account of a desktop that takes a second phone', async () => {
    expect(await answerIt(await claimIt())).toBeUndefined();
    offered = await offerOf(stack, desktop);
    phone = await phoneIdentity('second');
    expect(await answerIt(await claimIt())).toBeUndefined();
    const machines = await stack.sql`
      select id from auth.users where raw_app_meta_data ->> 'kid' = ${desktop.device.kid}`;
    expect(machines).toHaveLength(1);
  });
});

describe('an offer', () => {
  test('is renewed by whoever holds its poll secret, while it is open', async () => {
    const later = await makeOffer(offered.code, desktop.device, nowSeconds() + 60);
    expect(await stack.client().postPairing(later, offered.pollSecret)).toEqual({ pollSecret: offered.pollSecret });
    expect(await mine.pairing(offered.pid)).toEqual({ state: 'open', offer: later });
    expect(await refusalOf(stack.client().postPairing(later))).toBe('pairing.claimed');
    expect(await refusalOf(stack.client().postPairing(later, 'guess'))).toBe('pairing.claimed');
    await claimOf(mine, { ...offered, offer: later }, { phone, desktop: desktop.device });
    expect(await refusalOf(stack.client().postPairing(later, offered.pollSecret))).toBe('pairing.claimed');
  });

  attack('pairing', 'that is not one, or of a phone, or with borrowed ids is refused', async () => {
    const code = newPairingCode();
    for (const device of [phone.device, { ...desktop.device, kid: phone.device.kid }]) {
      const offer = await makeOffer(code, device, nowSeconds());
      expect(await refusalOf(stack.client().postPairing(offer))).toBe('request.malformed');
    }
    expect(await refusalOf(stack.client().postPairing({ body: 'e30', mac: 'x' }))).toBe('request.malformed');
  });

  attack('pairing', 'of a clock far off is refused with the time', async () => {
    const offer = await makeOffer(newPairingCode(), desktop.device, nowSeconds() + 4000);
    expect(await refusalOf(stack.client().postPairing(offer))).toBe('clock.skew');
  });

  attack('pairing', 'is gone when it expires', async () => {
    await stack.sql`update private.pairings set exp = now() - interval '1 second' where pid = ${offered.pid}`;
    expect(await refusalOf(mine.pairing(offered.pid))).toBe('pairing.unknown');
    expect(await refusalOf(claimIt())).toBe('pairing.unknown');
    expect(await refusalOf(seenByDesktop())).toBe('pairing.unknown');
  });

  attack('pairing', 'is shown to nobody without a second factor or its poll secret', async () => {
    expect(await refusalOf(stack.client().pairing(offered.pid))).toBe('auth.missing');
    expect(await refusalOf(stack.client().pairing(offered.pid, 'guess'))).toBe('pairing.unknown');
    expect(await refusalOf(mine.pairing(await pairingId(newPairingCode())))).toBe('pairing.unknown');
    expect(await refusalOf(mine.pairing('x'))).toBe('pairing.unknown');
  });

  test('can be posted so often from one address, and from all of them together', async () => {
    const limited = await relayStack({
      env: limits({ offersFromAnAddress: [2, 600], offersFromEverywhere: [3, 600] }),
    });
    const post = async (ip: string): Promise<unknown> => {
      const offer = await makeOffer(newPairingCode(), desktop.device, nowSeconds());
      const body = JSON.stringify({ offer });
      const response = await limited.request('/pairings', {
        method: 'POST',
        body,
        headers: { 'x-forwarded-for': `192.0.2.99, ${ip}` },
      });
      return response.status === 429 ? Number(response.headers.get('retry-after')) > 0 : response.status;
    };
    try {
      expect([await post('192.0.2.1'), await post('192.0.2.1'), await post('192.0.2.1')]).toEqual([200, 200, true]);
      expect([await post('2001:db8::1'), await post('2001:db8::2')]).toEqual([200, true]);
    } finally {
      await limited.stop();
    }
  }, 60_000);
});

describe('a claim', () => {
  attack('pairing', 'is the only one an offer takes; the same one again changes nothing', async () => {
    const claim = await claimIt();
    await mine.claimPairing(offered.pid, claim, phone.device);
    expect(await refusalOf(claimIt())).toBe('pairing.claimed');
    expect(await refusalOf(claimIt(other, await phoneIdentity()))).toBe('pairing.claimed');
    expect(await refusalOf(other.pairing(offered.pid))).toBe('pairing.claimed');
    expect(await seenByDesktop()).toMatchObject({ state: 'claimed', claim });
  });

  attack('pairing', 'needs a second factor of the last ten minutes', async () => {
    const tired = await owner(stack);
    await ageFactor(stack, tired.client, 601);
    expect(await refusalOf(claimIt(stack.client(() => tokenOf(tired.client))))).toBe('auth.fresh-factor');
    expect(await refusalOf(claimIt(stack.client()))).toBe('auth.missing');
  });

  attack('pairing', 'must be of a phone whose ids are those of its keys', async () => {
    for (const device of [desktop.device, { ...phone.device, kid: desktop.device.kid }]) {
      expect(await refusalOf(mine.claimPairing(offered.pid, 'x', device))).toBe('request.malformed');
    }
  });

  attack('pairing', "of another account's phone is refused", async () => {
    const theirs = await paired(stack);
    expect(await refusalOf(claimIt(mine, theirs.phone.identity))).toBe('device.owned');
  });

  attack('pairing', 'refused at the desktop opens the offer again, the third time for good', async () => {
    for (const state of ['open', 'open', 'refused'] as const) {
      const claim = await claimIt();
      expect(await answerIt(claim, { ok: false })).toBeUndefined();
      expect((await seenByDesktop()).state).toBe(state);
      // The desktop did not hear the relay's answer, and says it again.
      expect(await answerIt(claim, { ok: false })).toBeUndefined();
      expect((await seenByDesktop()).state).toBe(state);
    }
    expect(await refusalOf(claimIt())).toBe('pairing.tries');
    expect(await answerIt('x')).toBe('pairing.tries');
  });

  test('is possible ten times an hour', async () => {
    const person10 = await owner(stack);
    const relay = stack.client(() => tokenOf(person10.client));
    const codes: unknown[] = [];
    for (let count = 0; count < 11; count++) {
      await stack.sql`delete from private.buckets where key like 'offers%'`;
      offered = await offerOf(stack, desktop);
      codes.push(await refusalOf(claimIt(relay)));
    }
    expect(codes).toEqual([...Array<undefined>(10).fill(undefined), 'quota.exceeded']);
  });
});

describe("the desktop's word", () => {
  attack('pairing', 'counts only with the offered key, for this phone and this claim, and fresh', async () => {
    const claim = await claimIt();
    expect(await answerIt(claim, { by: { ...(await desktopIdentity()), device: desktop.device } })).toBe(
      'device.proof',
    );
    expect(await answerIt(claim, { phone: desktop.device.kid })).toBe('device.proof');
    expect(await answerIt('another claim')).toBe('device.proof');
    expect(await answerIt(claim, { iat: nowSeconds() - 400 })).toBe('device.proof');
    expect(await answerIt(claim, { iat: nowSeconds() + 400 })).toBe('device.proof');
    expect((await seenByDesktop()).state).toBe('claimed');
  });

  attack('pairing', 'counts only with the poll secret', async () => {
    const claim = await claimIt();
    const proof = await confirmationOf(desktop, offered, { phone: phone.device.kid, claim });
    expect(await refusalOf(stack.client().confirmPairing(offered.pid, proof, 'guess'))).toBe('pairing.unknown');
  });

  attack('pairing', 'before there is a claim is no word', async () => {
    expect(await answerIt('x')).toBe('pairing.unknown');
  });

  attack('pairing', 'about a desktop that another account owns registers nothing', async () => {
    const theirs = await paired(stack);
    desktop = theirs.desktop.identity;
    offered = await offerOf(stack, desktop);
    const claim = await claimIt();
    expect(await answerIt(claim)).toBe('device.owned');
    expect(await rows(stack.sql`select owner from private.devices where kid = ${phone.device.kid}`)).toEqual([]);
    const machines = await stack.sql`
      select id from auth.users where raw_app_meta_data ->> 'kid' = ${desktop.device.kid}`;
    expect(machines).toHaveLength(1);
  });

  attack(
    'pairing',
    'about a phone that another account registered meanwhile registers nothing, and leaves no account behind',
    async () => {
      const claim = await claimIt();
      const [mineToo, theirDesktop] = [offered, await desktopIdentity()];
      offered = await offerOf(stack, theirDesktop);
      const theirClaim = await claimOf(other, offered, { phone, desktop: theirDesktop.device });
      expect(await answerIt(theirClaim, { by: theirDesktop })).toBeUndefined();
      offered = mineToo;
      expect(await answerIt(claim)).toBe('device.owned');
      expect(await rows(stack.sql`select kid from private.devices where kid = ${desktop.device.kid}`)).toEqual([]);
      expect(
        await rows(stack.sql`select id from auth.users where raw_app_meta_data ->> 'kid' = ${desktop.device.kid}`),
      ).toEqual([]);
    },
  );
});
