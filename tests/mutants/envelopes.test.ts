import { mutants, type Mutant } from '../support/mutant.ts';

const ENVELOPE = 'edge/protocol/envelope.ts';
const SEAL = 'edge/protocol/seal.ts';
const ACCEPT = 'edge/mailbox/accept.ts';

const form = (sentence: string): Mutant['attack'] => ['tests/protocol/attacks.test.ts', sentence];
const taken = (sentence: string): Mutant['attack'] => ['tests/mailbox/accept.test.ts', sentence];

mutants('an envelope', [
  {
    check: 'an envelope has at most 192 kB',
    file: ENVELOPE,
    without: "  if (compact.length > MAX_ENVELOPE_BYTES) throw new MalformedEnvelope('larger than 192 kB');",
    attack: form('an envelope of more than 192 kB is malformed'),
  },
  {
    check: 'an envelope has three parts',
    file: ENVELOPE,
    without: ' || rest.length > 0',
    attack: form('a fourth part is malformed'),
  },
  {
    check: 'a signature has 64 bytes',
    file: ENVELOPE,
    without: "    if (fromB64u(signature).length !== 64) throw new MalformedEnvelope('signature has the wrong size');",
    attack: form('a signature stripped, cut short or taken from another envelope does not pass'),
  },
  {
    check: 'base64url has one spelling',
    file: 'edge/protocol/bytes.ts',
    without: "  if (base64url.encode(bytes) !== text) throw new TypeError('not canonical base64url');",
    attack: form('the same bytes in another spelling of base64url are malformed'),
  },
  {
    check: 'a header has one spelling',
    file: ENVELOPE,
    without: "  if (JSON.stringify(json) !== text) throw new MalformedEnvelope('header is not in its plain spelling');",
    attack: form('a header in another spelling of the same JSON is malformed'),
  },
  ...['none', 'HS256', 'RS256', 'ES384'].map((alg) => ({
    check: `the algorithm is ES256, not ${alg}`,
    file: ENVELOPE,
    without: "alg: z.literal('ES256'),",
    instead: 'alg: z.string(),',
    attack: form(`a header that names the algorithm ${alg} is malformed`),
  })),
  {
    check: 'the type of an envelope is its own',
    file: ENVELOPE,
    without: 'typ: z.literal(ENVELOPE_TYP),',
    instead: 'typ: z.string(),',
    attack: form('a header with another type is malformed'),
  },
  ...[
    'a header that brings a key of its own (jwk) is malformed',
    'a header that brings an address to fetch a key from (jku) is malformed',
    'a header that brings a certificate (x5c) is malformed',
    'a header that brings extensions to understand (crit) is malformed',
    'a header with a field nobody knows is malformed',
  ].map((sentence) => ({
    check: 'a header has no other fields',
    file: ENVELOPE,
    without: '  .strictObject({\n    alg',
    instead: '  .object({\n    alg',
    attack: form(sentence),
  })),
  {
    check: 'a recipient has no other fields',
    file: ENVELOPE,
    without: 'const recipientSchema = z.strictObject(',
    instead: 'const recipientSchema = z.object(',
    attack: form('a header with a field nobody knows beside a recipient is malformed'),
  },
  {
    check: 'an envelope is of a known kind',
    file: ENVELOPE,
    without: "k: z.enum(['task', 'ctl', 'evt', 'sched']),",
    instead: 'k: z.string(),',
    attack: form('a header with a kind nobody knows is malformed'),
  },
  {
    check: 'an envelope has a recipient',
    file: ENVELOPE,
    without: 'z.minLength(1), z.maxLength(MAX_RECIPIENTS)',
    instead: 'z.maxLength(MAX_RECIPIENTS)',
    attack: form('a header with no recipient is malformed'),
  },
  {
    check: 'an envelope has at most eight recipients',
    file: ENVELOPE,
    without: 'z.minLength(1), z.maxLength(MAX_RECIPIENTS)',
    instead: 'z.minLength(1)',
    attack: form('a header with nine recipients is malformed'),
  },
  {
    check: 'a recipient is named once',
    file: ENVELOPE,
    without: '(header) => new Set(header.to.map((to) => to.kid)).size === header.to.length,',
    instead: '() => true,',
    attack: form('a header with a recipient twice is malformed'),
  },
  {
    check: 'an id is 128 bits',
    file: ENVELOPE,
    without: '    id: idSchema,',
    instead: '    id: z.string(),',
    attack: form('a header with an id of another form is malformed'),
  },
  {
    check: 'a sender is a thumbprint',
    file: ENVELOPE,
    without: '    kid: thumbprintSchema,\n    to:',
    instead: '    kid: z.string(),\n    to:',
    attack: form('a header with a sender of another form is malformed'),
  },
  ...[
    'a header with a rule without being a schedule is malformed',
    'a header with no rule although it is a schedule is malformed',
  ].map((sentence) => ({
    check: 'a rule goes with a schedule only',
    file: ENVELOPE,
    without: "(header) => (header.s !== undefined) === (header.k === 'sched')",
    instead: '() => true',
    attack: form(sentence),
  })),
  {
    check: 'only an event is replaced by a newer one',
    file: ENVELOPE,
    without: "(header) => header.c === undefined || header.k === 'evt'",
    instead: '() => true',
    attack: form('a header with a collapse key although it is a task is malformed'),
  },
  {
    check: 'an envelope ends after it begins',
    file: ENVELOPE,
    without: 'header.exp > header.iat && ',
    attack: form('an envelope that lives longer than eight days, or ends before it begins, is malformed'),
  },
  {
    check: 'an envelope lives at most eight days',
    file: ENVELOPE,
    without: ' && header.exp - header.iat <= MAX_LIFE',
    attack: form('an envelope that lives longer than eight days, or ends before it begins, is malformed'),
  },
  ...[
    'an envelope signed with the key of another phone does not verify',
    'a header that was changed, added to or shortened no longer verifies',
  ].map((sentence) => ({
    check: 'the signature is of the stored key, over the header and payload as sent',
    file: ENVELOPE,
    without: "    await compactVerify(envelope.compact, await importSigningKey(key), { algorithms: ['ES256'] });\n",
    attack: form(sentence),
  })),
  {
    check: 'an envelope is not from the future',
    file: ENVELOPE,
    without: "  if (header.iat > now + MAX_CLOCK_AHEAD) return 'clock.skew';",
    attack: form('an envelope from more than five minutes ahead is from the future'),
  },
  {
    check: 'the time of an envelope is not over',
    file: ENVELOPE,
    without: "  if (header.exp <= now) return 'envelope.expired';",
    attack: form('an envelope whose time is over has expired'),
  },
]);

/** HPKE without the header as its additional data, at both ends. */
const SEALS_WITHOUT = { file: SEAL, without: 'plain, { aad, info: INFO }', instead: 'plain, { info: INFO }' };
const OPENS_WITHOUT = { file: SEAL, without: 'ct, { aad, info: INFO }', instead: 'ct, { info: INFO }' };

mutants('a sealed payload', [
  {
    check: 'a payload is bound to its header',
    ...SEALS_WITHOUT,
    also: [OPENS_WITHOUT],
    attack: form('a payload moved under another header of the same sender does not open'),
  },
  {
    check: 'a payload for several is bound to its header',
    file: SEAL,
    without: "encrypt({ name: 'AES-GCM', iv, additionalData: aad }",
    instead: "encrypt({ name: 'AES-GCM', iv }",
    also: [
      {
        file: SEAL,
        without: "decrypt({ name: 'AES-GCM', iv, additionalData: aad }",
        instead: "decrypt({ name: 'AES-GCM', iv }",
      },
      SEALS_WITHOUT,
      OPENS_WITHOUT,
    ],
    attack: form('a payload for several moved under another header of the same sender does not open'),
  },
  {
    check: 'a payload is for as many as its header says',
    file: SEAL,
    without:
      "  if (payload[0] !== count) throw new CannotOpen('payload and header name different numbers of recipients');",
    attack: form('a payload that counts other recipients than its header does not open'),
  },
  {
    check: 'the key is the one that the header names',
    file: SEAL,
    without: 'keys.find((candidate) => candidate.ek === ek)',
    instead: 'keys[0]',
    attack: form('an envelope that names another encryption key than it was sealed to does not open'),
  },
  {
    check: 'a plaintext is as long as it says',
    file: SEAL,
    without: "  if (length + 4 > plain.length) throw new CannotOpen('length exceeds the plaintext');",
    attack: form('a plaintext that claims to be longer than it is does not open'),
  },
]);

mutants('what a device accepts', [
  {
    check: 'it is an envelope',
    file: ACCEPT,
    without: "  if (!envelope) return refused('envelope.malformed');",
    instead: "  if (!envelope) return { is: 'accepted', accepted: { envelope: { header: { id: '' } } } };",
    attack: taken('what is no envelope is refused'),
  },
  {
    check: 'its sender is on the local trust list',
    file: ACCEPT,
    without: "  if (!from) return refused('sender.unknown');",
    instead: '  if (!from) return openBody(envelope, { kid: envelope.header.kid }, receiver);',
    attack: taken('a sender that is not on the local trust list is refused'),
  },
  ...[
    "an envelope under a trusted phone's name with another device's signature is refused",
    'an envelope that another device sealed under the name of a trusted phone is refused',
  ].map((sentence) => ({
    check: 'its signature is of the key on the list',
    file: ACCEPT,
    without: "  if (!(await verifyEnvelope(envelope, from.sig))) return refused('signature.bad');",
    attack: taken(sentence),
  })),
  {
    check: 'it is for this device',
    file: ACCEPT,
    without: "  if (!envelope.header.to.some((to) => to.kid === receiver.kid)) return refused('recipient.other');",
    also: [{ file: SEAL, without: '(to) => to.kid === kid', instead: '() => true' }],
    attack: taken('an envelope for another device is refused, even when it is sealed to this one'),
  },
  {
    check: 'it is not from the future',
    file: ACCEPT,
    without: "  if (fault === 'clock.skew') return 'time.future';",
    attack: taken('an envelope from the future is refused'),
  },
  {
    check: 'its time is not over',
    file: ACCEPT,
    without: "  if (fault === 'envelope.expired') return 'time.expired';",
    attack: taken('an envelope whose time is over is refused, however late the relay delivers it'),
  },
  {
    check: 'it was made after the journal began',
    file: ACCEPT,
    without: "header.iat < (await receiver.store.notBefore()) ? 'time.before-journal' : undefined",
    instead: 'undefined',
    attack: taken('an envelope from before the journal began is refused: a wiped journal is not replayed into'),
  },
  ...[
    'an envelope that was taken is not taken again',
    'the id of a taken envelope is spent, also for other words under it',
  ].map((sentence) => ({
    check: 'its id was never taken before',
    file: ACCEPT,
    without: "  if (await receiver.store.knows(envelope.header.id)) return { is: 'duplicate' };",
    attack: taken(sentence),
  })),
  {
    check: 'its body is of a known kind',
    file: ACCEPT,
    without: "  if (!parsed.success) return refused('body.unknown');",
    attack: taken('a body of no known kind is refused'),
  },
  {
    check: 'its kind is the one that its body travels under',
    file: ACCEPT,
    without: "  if (!receiver.allows(envelope.header, parsed.data)) return refused('kind.not-allowed');",
    attack: taken('a body under a kind of envelope that is not its own is refused'),
  },
]);
