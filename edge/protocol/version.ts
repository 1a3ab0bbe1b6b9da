/**
 * The wire's version. A device announces it in `sync` (phone) and `seen` (desktop); a sender writes what the receiver reads.
 *
 * History
 * - 1: first wire.
 * - 2: `trust` is said again when the desktop's name or key changes (`key`), `dropped`, `past`, `sync.range`, the proof 'rotate'.
 *   A desktop answers a `sync` of version 1 event by event.
 *   Added later, nothing older means anything else: the routes /recovery; the answer `request.too-slow`; `until` of a parked task, and that its disk is full.
 */
export const PROTOCOL_VERSION = 2;

/** `typ` of an envelope's header (RFC 7515, section 4.1.9): carries the version of the header itself. */
export const ENVELOPE_TYP = 'errand1+jws';
