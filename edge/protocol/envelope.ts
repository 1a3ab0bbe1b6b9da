import * as z from 'zod/mini';
import { compactVerify } from 'jose';
import { fromB64u, toText } from './bytes.ts';
import { importSigningKey, type PublicKey } from './device.ts';
import { idSchema, thumbprintSchema } from './id.ts';
import { ENVELOPE_TYP } from './version.ts';

/** Bytes of a whole envelope as sent. */
export const MAX_ENVELOPE_BYTES = 192 * 1024;
/** How far a sender's clock may run ahead, in seconds. */
export const MAX_CLOCK_AHEAD = 300;
/** The longest an envelope may wait for delivery, in seconds. It bounds delivery and nothing else. */
export const MAX_LIFE = 8 * 24 * 3600;
export const MAX_RECIPIENTS = 8;

const recipientSchema = z.strictObject({ kid: thumbprintSchema, ek: thumbprintSchema });

const ruleSchema = z.strictObject({
  cron: z.string().check(z.minLength(1), z.maxLength(120)),
  tz: z.string().check(z.minLength(1), z.maxLength(64)),
  nb: z.int(),
  na: z.int(),
  grace: z.int(),
});

/**
 * The protected header: signed, and clear to the relay. Strict, so that nobody can hang anything on it.
 *
 * kid sender · to recipients with the id of the key sealed to · k kind · id idempotency key · t task · n sender's counter (shows
 * gaps, never decides) · iat, exp Unix seconds · s the rule of a schedule · u wants a push · c collapse key: the relay keeps
 * only the newest envelope of a key per recipient.
 */
export const headerSchema = z
  .strictObject({
    alg: z.literal('ES256'),
    typ: z.literal(ENVELOPE_TYP),
    kid: thumbprintSchema,
    to: z.array(recipientSchema).check(z.minLength(1), z.maxLength(MAX_RECIPIENTS)),
    k: z.enum(['task', 'ctl', 'evt', 'sched']),
    id: idSchema,
    t: z.optional(idSchema),
    n: z.int().check(z.nonnegative()),
    iat: z.int(),
    exp: z.int(),
    s: z.optional(ruleSchema),
    u: z.optional(z.literal(true)),
    c: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
  })
  .check(
    z.refine(
      (header) => header.exp > header.iat && header.exp - header.iat <= MAX_LIFE,
      'lives longer than eight days',
    ),
    z.refine((header) => (header.s !== undefined) === (header.k === 'sched'), 's goes with sched only'),
    z.refine((header) => header.c === undefined || header.k === 'evt', 'c goes with evt only'),
    z.refine(
      (header) => new Set(header.to.map((to) => to.kid)).size === header.to.length,
      'a recipient is named twice',
    ),
  );
export type Header = z.infer<typeof headerSchema>;

export interface Envelope {
  readonly header: Header;
  /** The header's base64url text exactly as sent: it authenticates the payload. */
  readonly protectedText: string;
  readonly payload: Uint8Array<ArrayBuffer>;
  readonly compact: string;
}

/** Why an envelope is refused before anybody's keys are looked at. */
export class MalformedEnvelope extends Error {
  override readonly name = 'MalformedEnvelope';
}

/** Takes a compact JWS (RFC 7515, section 7.1) apart. Checks form only, no signature. Throws {@link MalformedEnvelope}. */
export function parseEnvelope(compact: string): Envelope {
  if (compact.length > MAX_ENVELOPE_BYTES) throw new MalformedEnvelope('larger than 192 kB');
  const [protectedText, payloadText, signature, ...rest] = compact.split('.');
  if (!protectedText || !payloadText || !signature || rest.length > 0) throw new MalformedEnvelope('not a compact JWS');
  try {
    if (fromB64u(signature).length !== 64) throw new MalformedEnvelope('signature has the wrong size');
    return { header: parseHeader(protectedText), protectedText, payload: fromB64u(payloadText), compact };
  } catch (error) {
    throw error instanceof MalformedEnvelope ? error : new MalformedEnvelope(String(error));
  }
}

function parseHeader(protectedText: string): Header {
  const text = toText(fromB64u(protectedText));
  const json: unknown = JSON.parse(text);
  // One text per header: a repeated member or odd spacing would let two readers see two headers.
  if (JSON.stringify(json) !== text) throw new MalformedEnvelope('header is not in its plain spelling');
  return headerSchema.parse(json);
}

/** True when the envelope was signed with the private half of `key`. The algorithm is pinned, the header cannot choose it. */
export async function verifyEnvelope(envelope: Envelope, key: PublicKey): Promise<boolean> {
  try {
    await compactVerify(envelope.compact, await importSigningKey(key), { algorithms: ['ES256'] });
    return true;
  } catch {
    return false;
  }
}

/** What is wrong with an envelope's times at `now` (Unix seconds), or undefined. */
export function timeFault(header: Header, now: number): 'clock.skew' | 'envelope.expired' | undefined {
  if (header.iat > now + MAX_CLOCK_AHEAD) return 'clock.skew';
  if (header.exp <= now) return 'envelope.expired';
  return undefined;
}
