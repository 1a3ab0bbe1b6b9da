import type { Device } from '../../edge/protocol/device.ts';
import { parseEnvelope, verifyEnvelope } from '../../edge/protocol/envelope.ts';
import { newId } from '../../edge/protocol/id.ts';
import { newIdentity, type Identity } from '../../edge/protocol/identity.ts';
import type { Offer } from '../../edge/protocol/offer.ts';
import { comparisonDigits } from '../../edge/protocol/pairing-code.ts';
import { checkOffer, makeClaim, makeOffer, openClaim } from '../../edge/protocol/pairing.ts';
import { makeProof, readProof } from '../../edge/protocol/proof.ts';
import { openEnvelope, sealEnvelope } from '../../edge/protocol/seal.ts';

/* One device in whatever engine this runs in. Its arguments and answers are JSON, so that any test can ask it. */

const NOW = 1_800_000_000;
const made = new Map<'phone' | 'desktop', Promise<Identity>>();
function me(kind: 'phone' | 'desktop'): Promise<Identity> {
  const known = made.get(kind) ?? newIdentity({ kind, name: kind, extractable: false });
  made.set(kind, known);
  return known;
}

export const interop = {
  device: async (kind: 'phone' | 'desktop'): Promise<Device> => (await me(kind)).device,
  seal: async (to: readonly Device[], json: string): Promise<string> =>
    sealEnvelope({
      identity: await me('phone'),
      recipients: to,
      header: { k: 'task', id: newId(), n: 1, iat: NOW, exp: NOW + 60 },
      json,
    }),
  open: async (compact: string, from: Device): Promise<string> => {
    const envelope = parseEnvelope(compact);
    if (!(await verifyEnvelope(envelope, from.sig))) throw new Error('not signed by its sender');
    const { device, encryption } = await me('desktop');
    return openEnvelope(envelope, device.kid, [{ ek: device.ek, pair: encryption }]);
  },
  offer: async (code: string): Promise<Offer> => makeOffer(code, (await me('desktop')).device, NOW),
  claim: async (code: string, offer: Offer): Promise<{ claim: string; digits: string }> => {
    const desktop = await checkOffer(code, offer, NOW);
    const claim = await makeClaim({ code, offer, desktop, phone: await me('phone') });
    return { claim, digits: await comparisonDigits(code, offer.body, claim) };
  },
  openClaim: async (code: string, offer: Offer, claim: string): Promise<{ kid: string; digits: string }> => ({
    kid: (await openClaim({ code, offer, claim, desktop: await me('desktop') })).kid,
    digits: await comparisonDigits(code, offer.body, claim),
  }),
  proof: async (): Promise<string> => {
    const identity = await me('phone');
    return makeProof(identity, { use: 'bind', kid: identity.device.kid, session: 's', iat: NOW });
  },
  readProof: async (text: string, from: Device): Promise<string | undefined> => (await readProof(text, from.sig))?.use,
};
export type Interop = typeof interop;

Object.assign(globalThis, { interop });
