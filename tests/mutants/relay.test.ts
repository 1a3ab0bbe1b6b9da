import { join } from 'node:path';
import { mutants, type Mutant } from '../support/mutant.ts';
import { sharedCluster } from '../support/stack-cluster.ts';

const AUTH = 'edge/relay/auth.ts';
const GUARDS = 'edge/relay/guards.ts';
const ENVELOPES = 'edge/relay/envelopes.ts';
const PROOFS = 'edge/relay/proofs.ts';
const DEVICES = 'edge/relay/devices.ts';
const PAIRINGS = 'edge/relay/pairings.ts';

const token = (sentence: string): Mutant['attack'] => ['tests/edge/relay/tokens.test.ts', sentence];
const caller = (sentence: string): Mutant['attack'] => ['tests/edge/relay/callers.test.ts', sentence];
const envelope = (sentence: string): Mutant['attack'] => ['tests/edge/relay/refused-envelopes.test.ts', sentence];
const device = (sentence: string): Mutant['attack'] => ['tests/edge/relay/devices.test.ts', sentence];
const pairing = (sentence: string): Mutant['attack'] => ['tests/edge/relay/pairings.test.ts', sentence];

const lend = () => sharedCluster.lend(join(import.meta.dir, '../../supabase/migrations'));

mutants(
  'the relay and its callers',
  [
    {
      check: "a token is signed with the project's key",
      file: AUTH,
      without: 'await jwtVerify(token, keys, pinned).catch(',
      instead:
        "await Promise.resolve({ payload: JSON.parse(atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/'))) }).catch(",
      attack: token('with a token that another key signed'),
    },
    {
      check: 'a token is of this project',
      file: AUTH,
      without: '{ issuer, audience',
      instead: '{ audience',
      attack: token('with a token of another issuer'),
    },
    {
      check: 'a token is for this audience',
      file: AUTH,
      without: "audience: 'authenticated', ",
      attack: token('with a token for another audience'),
    },
    {
      check: 'a token is of this algorithm',
      file: AUTH,
      without: "algorithms: ['ES256'], ",
      attack: token('check no other algorithm, also when a key for it is among those trusted'),
    },
    {
      check: 'a token expires',
      file: AUTH,
      without: '  exp: z.int(),',
      instead: '  exp: z.optional(z.int()),',
      attack: token('with a token that never expires'),
    },
    {
      check: 'a token is of somebody who signed in',
      file: AUTH,
      without: "role: z.literal('authenticated'),",
      instead: 'role: z.string(),',
      attack: token('with a token of the role service_role'),
    },
    {
      check: 'a token is of an account',
      file: AUTH,
      without: '  is_anonymous: z.optional(z.literal(false)),',
      attack: token('with a token of an anonymous account'),
    },
    {
      check: 'a token is of a session',
      file: AUTH,
      without: 'session_id: z.uuid(),',
      instead: 'session_id: z.optional(z.uuid()),',
      attack: token('with a token without a session'),
    },
    {
      check: 'a person has a second factor',
      file: GUARDS,
      without: "  if (!person.secondFactor) throw new Refusal('auth.second-factor');",
      attack: token('with a password alone'),
    },
    {
      check: 'only the relay says what an account is',
      file: AUTH,
      without: '  app_metadata: z.optional(',
      instead: '  user_metadata: z.optional(',
      also: [{ file: AUTH, without: 'claims.app_metadata', instead: 'claims.user_metadata' }],
      attack: token('that calls itself a device, or has the second factor, in metadata it can write itself'),
    },
    {
      check: 'a machine account names its desktop',
      file: AUTH,
      without: "  if (kind !== 'device' || !device.success) throw new Refusal('auth.forbidden');",
      attack: token('whose account names a device of another kind, or none'),
    },
    {
      check: "the account's kind decides, not its second factor",
      file: AUTH,
      without: 'if (kind === undefined) {',
      instead: "if (kind === undefined || claims.aal === 'aal2') {",
      attack: caller('that is a machine account with a second factor of its own is still no phone and no owner'),
    },
    {
      check: 'a machine account is no person',
      file: GUARDS,
      without: "  if (caller.role !== 'owner') throw new Refusal('auth.forbidden');",
      attack: caller('that is a machine account with a second factor of its own is still no phone and no owner'),
    },
    {
      check: "a caller names the project's publishable key",
      file: GUARDS,
      without: "    if (!settings.publishableKeys.includes(key)) throw new Refusal('auth.invalid');",
      attack: token('without the publishable key, or with the secret one in its place'),
    },
    {
      check: 'who adds a phone entered a code just now',
      file: GUARDS,
      without:
        "    if (owner.factorAt === undefined || owner.factorAt < deps.now() - FRESH) throw new Refusal('auth.fresh-factor');",
      attack: pairing('needs a second factor of the last ten minutes'),
    },
  ],
  lend,
);

mutants(
  'the relay and what it is given',
  [
    {
      check: 'an envelope is of its caller',
      file: ENVELOPES,
      without: "  if (header.kid !== device.kid) throw new Refusal('envelope.sender');",
      attack: envelope('that its caller signed under the name of another device'),
    },
    {
      check: "an envelope is signed with its sender's key",
      file: ENVELOPES,
      without: "  if (!(await verifyEnvelope(envelope, device.sig))) throw new Refusal('envelope.signature');",
      attack: envelope('that was signed with another key, or altered after it was signed'),
    },
    {
      check: 'an envelope is of a kind that its sender sends',
      file: ENVELOPES,
      without: "  if (!SENDS[device.kind].includes(header.k)) throw new Refusal('envelope.kind');",
      attack: envelope('of a kind that its sender does not send'),
    },
    ...['that has expired', 'from the future, and says what time it is'].map((sentence) => ({
      check: 'an envelope is of now',
      file: ENVELOPES,
      without: '  if (fault) throw new Refusal(fault);',
      attack: envelope(sentence),
    })),
    {
      check: 'a proof is fresh',
      file: PROOFS,
      without: ' || Math.abs(proof.iat - check.now) > LEEWAY',
      attack: pairing('counts only with the offered key, for this phone and this claim, and fresh'),
    },
    {
      check: "a desktop's word is about this phone",
      file: PAIRINGS,
      without: 'proof.phone !== phone.kid || ',
      attack: pairing('counts only with the offered key, for this phone and this claim, and fresh'),
    },
    {
      check: "a desktop's word is about this claim",
      file: PAIRINGS,
      without: ' || proof.claim !== (await sha256B64u(toBytes(claim)))',
      attack: pairing('counts only with the offered key, for this phone and this claim, and fresh'),
    },
    {
      check: 'an offer is of a desktop with its own ids',
      file: PAIRINGS,
      without: "body.device.kind !== 'desktop' || !(await deviceMatchesKeys(body.device))",
      instead: 'false',
      attack: pairing('that is not one, or of a phone, or with borrowed ids is refused'),
    },
    {
      check: 'an offer ends in time',
      file: PAIRINGS,
      without: "    if (exp <= now() || exp > now() + MAX_OFFER_LIFE) throw new Refusal('clock.skew');",
      attack: pairing('of a clock far off is refused with the time'),
    },
    {
      check: 'a claim is of a phone with its own ids',
      file: PAIRINGS,
      without: "device.kind !== 'phone' || !(await deviceMatchesKeys(device))",
      instead: 'false',
      attack: pairing('must be of a phone whose ids are those of its keys'),
    },
    {
      check: 'a bound session is the one that the phone named',
      file: DEVICES,
      without: 'session !== owner.session || kid',
      instead: 'kid',
      attack: device("takes a proof of the phone's key for this very session"),
    },
    {
      check: 'a desktop is registered by the session that it named',
      file: DEVICES,
      without: "    if (session !== owner.session) throw new Refusal('device.proof');",
      attack: device('takes a proof of this desktop for this session only'),
    },
    {
      check: 'a desktop is registered under its own ids',
      file: PROOFS,
      without: ' || !(await deviceMatchesKeys(proof.device))',
      attack: device('takes a proof of this desktop for this session only'),
    },
    {
      check: "a desktop's session is for a number of the relay, once",
      file: 'edge/relay/sessions.ts',
      without: ' || !(await store.spendNonce(kid, nonce))',
      attack: device('needs the key, a number of the relay for this desktop, and a right clock'),
    },
    {
      check: 'a new encryption key has its own id',
      file: DEVICES,
      without: ' || ek !== (await thumbprint(enc))',
      attack: device("is taken with the desktop's own word only"),
    },
  ],
  lend,
);
