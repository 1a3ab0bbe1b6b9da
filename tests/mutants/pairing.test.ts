import { mutants, type Mutant } from '../support/mutant.ts';

const PAIRING = 'edge/protocol/pairing.ts';
const PROOF = 'edge/protocol/proof.ts';
const CODE = 'edge/protocol/pairing-code.ts';
const DESK = 'agent/link/pairing.ts';

const ceremony = (sentence: string): Mutant['attack'] => ['tests/protocol/pairing.test.ts', sentence];
const proof = (sentence: string): Mutant['attack'] => ['tests/protocol/proof.test.ts', sentence];
const desk = (sentence: string): Mutant['attack'] => ['tests/agent/link/pairing.test.ts', sentence];

mutants('a pairing', [
  {
    check: 'an offer is of whoever knows the code',
    file: PAIRING,
    without: "  if (!genuine) throw new PairingRefused('The offer was not made by the desktop that shows this code.');",
    also: [{ file: PAIRING, without: 'content.pid !== (await pairingId(code)) || ' }],
    attack: ceremony('a relay that puts its own keys into the offer is found out'),
  },
  {
    check: 'an offer is fresh',
    file: PAIRING,
    without:
      "  if (content.exp <= now) throw new PairingRefused('The offer has expired. Show a new one at the desktop.');",
    attack: ceremony('an offer is over after ten minutes'),
  },
  {
    check: 'an offer is found under its own id',
    file: PAIRING,
    without: 'content.pid !== (await pairingId(code)) || ',
    attack: ceremony('an offer found under another id than its own is refused'),
  },
  {
    check: 'the ids of an offer are those of its keys',
    file: PAIRING,
    without: ' || !(await deviceMatchesKeys(content.device))',
    attack: ceremony('an offer whose ids are not those of its keys is refused'),
  },
  {
    check: 'a claim is of whoever knows the code',
    file: PAIRING,
    without: '      ...psk,\n',
    attack: ceremony('a claim made without the code does not open, by whoever knows all that the relay knows'),
  },
  {
    check: 'a claim is of this offer',
    file: PAIRING,
    without: '    aad: toBytes(offer.body),\n    ...(await',
    instead: '    ...(await',
    also: [{ file: PAIRING, without: '      aad: toBytes(offer.body),\n      ...psk', instead: '      ...psk' }],
    attack: ceremony('a claim of another offer does not open'),
  },
  {
    check: 'a claim is signed with the key that it names',
    file: PAIRING,
    without: 'const { pid: claimed, device } = claimSchema.parse(JSON.parse(toText(payload)));',
    instead: 'const { pid: claimed, device } = unverified;',
    also: [
      {
        file: PAIRING,
        without: '  const { payload } = await compactVerify(',
        instead: '  ((..._: unknown[]) => undefined)(',
      },
    ],
    attack: ceremony('a claim that names another device is refused: it is not signed with its key'),
  },
  {
    check: 'a claim was signed for this pairing',
    file: PAIRING,
    without: 'claimed !== pid || ',
    attack: ceremony('a claim that was signed for another pairing is refused'),
  },
  {
    check: 'only a phone claims',
    file: PAIRING,
    without: "device.kind !== 'phone' || ",
    attack: ceremony('a claim of a desktop is refused: only phones command'),
  },
  {
    check: 'the ids of a claim are those of its keys',
    file: PAIRING,
    without: ' || !(await deviceMatchesKeys(device))',
    attack: ceremony("a claim with another device's encryption key under its own id is refused"),
  },
  {
    check: 'something can be sealed to a phone',
    file: PAIRING,
    without: '  await importEncryptionKey(device.enc);',
    attack: ceremony('a phone whose key nothing can be sealed to is refused'),
  },
  {
    check: 'the digits are of this claim',
    file: CODE,
    without: 'sha256(toBytes(`${offerBody}.${claim}`))',
    instead: 'sha256(toBytes(offerBody))',
    attack: ceremony('another claim, or another offer under the same claim, shows other digits'),
  },
  {
    check: 'the digits are of this offer',
    file: CODE,
    without: 'sha256(toBytes(`${offerBody}.${claim}`))',
    instead: 'sha256(toBytes(claim))',
    attack: ceremony('another claim, or another offer under the same claim, shows other digits'),
  },
  {
    check: 'the key press is for the claim on the screen',
    file: DESK,
    without: ' || current.claim.id !== decision.claim',
    attack: desk('allowing another claim than the one on the screen does nothing'),
  },
  {
    check: 'a second claim is another one',
    file: DESK,
    without: ' || current.claim.id !== decision.claim',
    attack: desk('a second claim of a shown offer is not allowed in the place of the first'),
  },
  {
    check: 'a phone is pinned only when it was allowed',
    file: DESK,
    without: '  if (!ok) {',
    instead: '  if (!ok && !phone) {',
    attack: desk('a refused phone is not pinned, and the relay is told'),
  },
  {
    check: "a phone may set the switches only where the desktop's owner lets phones",
    file: DESK,
    without: 'decision.mayPower && options.remotePower',
    instead: 'decision.mayPower',
    attack: desk('where the owner never lets phones set the switches, none may'),
  },
  {
    check: 'there are at most eight phones',
    file: DESK,
    without: '!hasRoomForPeer(journal, phone.kid)',
    instead: 'false',
    attack: desk('a ninth phone is refused before anything is written'),
  },
]);

mutants('a proof to the relay', [
  {
    check: 'it was made with the key',
    file: PROOF,
    without: "await compactVerify(text, await importSigningKey(key), { algorithms: ['ES256'] })",
    instead: "{ protectedHeader: { typ: TYP }, payload: fromB64u(text.split('.')[1] ?? '') }",
    attack: proof('a proof made with another key proves nothing'),
  },
  {
    check: 'it was signed as it is',
    file: PROOF,
    without: "await compactVerify(text, await importSigningKey(key), { algorithms: ['ES256'] })",
    instead: "{ protectedHeader: { typ: TYP }, payload: fromB64u(text.split('.')[1] ?? '') }",
    attack: proof('a proof whose words were changed after it was signed proves nothing'),
  },
  {
    check: 'it was signed to be a proof',
    file: PROOF,
    without: '    if (verified.protectedHeader.typ !== TYP) return undefined;',
    attack: proof('what was signed for another purpose is no proof'),
  },
  {
    check: 'it has the words of its use and no others',
    file: PROOF,
    without: "z.strictObject({ use: z.literal('bind'),",
    instead: "z.looseObject({ use: z.literal('bind'),",
    attack: proof('a proof with a word that belongs to another one is none'),
  },
]);
