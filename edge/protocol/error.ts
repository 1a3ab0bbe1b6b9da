import * as z from 'zod/mini';

/**
 * Every code the relay may answer with, and what the caller should do about it.
 * Closed: a code that is not listed here is never sent. The list only grows.
 */
export const WIRE_ERRORS = {
  'request.malformed': {
    status: 400,
    message: 'The request is not of the form this relay reads. Update this device.',
  },
  'request.too-large': {
    status: 413,
    message: 'The request is larger than the relay accepts (192 kB).',
  },
  'request.too-slow': {
    status: 408,
    message: 'The request took longer to arrive than the relay waits. Try again where the network is better.',
  },
  'request.not-found': { status: 404, message: 'The relay has no such route.' },
  'auth.missing': { status: 401, message: 'Sign in first.' },
  'auth.invalid': {
    status: 401,
    message: 'The session is not valid or has expired. Sign in again.',
  },
  'auth.second-factor': {
    status: 403,
    message: 'This needs the second factor. Enter the code of your authenticator.',
  },
  'auth.fresh-factor': {
    status: 403,
    message: 'This needs a second factor entered in the last ten minutes. Enter the code again.',
  },
  'auth.forbidden': { status: 403, message: 'This account or device may not do that.' },
  'device.unknown': { status: 403, message: 'The relay does not know this device. Pair it again.' },
  'device.unbound': {
    status: 403,
    message: 'This session is bound to no device. Bind it with the device key.',
  },
  'device.owned': {
    status: 409,
    message: 'This device belongs to another account. Reset its pairing at the device first.',
  },
  'device.proof': {
    status: 403,
    message: 'The proof was not made with this device key, or it is too old.',
  },
  'envelope.malformed': {
    status: 400,
    message: 'The envelope is not of the form this relay reads. Update this device.',
  },
  'envelope.sender': {
    status: 403,
    message: 'The envelope names another sender than the calling device.',
  },
  'envelope.signature': {
    status: 403,
    message: 'The envelope is not signed with the key of its sender.',
  },
  'envelope.recipient': {
    status: 422,
    message: 'A recipient is not a live device of this account. Pair it again.',
  },
  'envelope.kind': { status: 403, message: 'This device may not send envelopes of that kind.' },
  'envelope.expired': {
    status: 422,
    message: 'The envelope has expired, or lives longer than eight days.',
  },
  'envelope.conflict': {
    status: 409,
    message: 'Another envelope was sent under this id. Seal it again under a new one.',
  },
  'envelope.fetched': {
    status: 409,
    message: 'The envelope was fetched already and cannot be withdrawn. Cancel the task instead.',
  },
  'envelope.unknown': { status: 404, message: 'The relay has no such envelope.' },
  'clock.skew': {
    status: 422,
    message: 'The clock of this device differs from the relay by more than five minutes. Set it right.',
  },
  'pairing.unknown': {
    status: 404,
    message: 'No such pairing offer, or it has expired. Show a new one at the desktop.',
  },
  'pairing.claimed': {
    status: 409,
    message: 'This offer was used already. Show a new one at the desktop.',
  },
  'pairing.tries': { status: 429, message: 'Too many tries. Show a new code at the desktop.' },
  'blob.unknown': {
    status: 404,
    message: 'The relay no longer keeps this file. Ask the desktop to send it again.',
  },
  'recovery.code': {
    status: 403,
    message: 'This recovery code is not right, or it was used already. Take another one of the list.',
  },
  'recovery.password': {
    status: 422,
    message: 'This password cannot be taken. Choose another one, longer and not the one before.',
  },
  'recovery.account': { status: 404, message: 'No account has this e-mail address.' },
  'push.address': { status: 422, message: 'The push address is not a public https address.' },
  'quota.exceeded': { status: 429, message: 'Too much at once. Try again in a moment.' },
  'relay.unavailable': {
    status: 503,
    message: 'The relay cannot reach its database. Try again in a moment.',
  },
  'relay.internal': {
    status: 500,
    message: 'The relay failed. Try again; if it stays, look at its log.',
  },
} satisfies Record<string, { status: number; message: string }>;

export type WireErrorCode = keyof typeof WIRE_ERRORS;

const codes = Object.keys(WIRE_ERRORS);

/** Every answer of the relay that is not 2xx. `now` (Unix seconds) is set with `clock.skew`; `retryAfter` (seconds) repeats the header. */
export const wireErrorSchema = z.object({
  error: z.object({
    code: z.string().check(z.refine((code) => codes.includes(code))),
    message: z.string(),
    now: z.optional(z.int()),
    retryAfter: z.optional(z.number()),
  }),
});
export type WireError = z.infer<typeof wireErrorSchema>;
