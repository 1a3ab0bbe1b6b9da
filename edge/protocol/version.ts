/**
 * The wire's version. A device announces it in `sync` (phone) and `seen` (desktop); a sender writes what the receiver reads.
 *
 * History
 * - 1: first wire.
 */
export const PROTOCOL_VERSION = 1;

/** `typ` of an envelope's header (RFC 7515, section 4.1.9): carries the version of the header itself. */
export const ENVELOPE_TYP = 'errand1+jws';
