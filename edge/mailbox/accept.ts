import type * as z from 'zod/mini';
import {
  MalformedEnvelope,
  parseEnvelope,
  timeFault,
  verifyEnvelope,
  type Envelope,
  type Header,
} from '../protocol/envelope.ts';
import { openEnvelope, type OpeningKey } from '../protocol/seal.ts';
import type { Device } from '../protocol/device.ts';
import type { Accepted, InboxStore, Refusal } from './store.ts';

export type Verdict<Body> =
  | { readonly is: 'accepted'; readonly accepted: Accepted<Body> }
  | { readonly is: 'duplicate' }
  | { readonly is: 'refused'; readonly why: Refusal };

/** Who is receiving, and what it can read. */
export interface Receiver<Body> {
  readonly kid: string;
  readonly keys: () => readonly OpeningKey[];
  readonly schema: z.ZodMiniType<Body>;
  /** Envelope kinds this side takes, and whether a body of this kind may travel under it. */
  readonly allows: (header: Header, body: Body) => boolean;
  readonly store: InboxStore<Body>;
  /** Unix seconds. */
  readonly now: () => number;
}

const refused = (why: Refusal): { readonly is: 'refused'; readonly why: Refusal } => ({ is: 'refused', why });

/**
 * Decides on one envelope, in the order of PROTOCOL "Acceptance": form, sender on the local list, signature with the stored key,
 * recipient, times, unseen, open, body. Nothing is believed because the relay delivered it. Does not throw for any input.
 */
export async function accept<Body>(compact: string, receiver: Receiver<Body>): Promise<Verdict<Body>> {
  const envelope = tryParse(compact);
  if (!envelope) return refused('envelope.malformed');
  const from = await receiver.store.trusted(envelope.header.kid);
  if (!from) return refused('sender.unknown');
  if (!(await verifyEnvelope(envelope, from.sig))) return refused('signature.bad');
  if (!envelope.header.to.some((to) => to.kid === receiver.kid)) return refused('recipient.other');
  const late = await whenRefused(envelope.header, receiver);
  if (late) return refused(late);
  if (await receiver.store.knows(envelope.header.id)) return { is: 'duplicate' };
  return openBody(envelope, from, receiver);
}

function tryParse(compact: string): Envelope | undefined {
  try {
    return parseEnvelope(compact);
  } catch (error) {
    if (error instanceof MalformedEnvelope) return undefined;
    throw error;
  }
}

async function whenRefused<Body>(header: Header, receiver: Receiver<Body>): Promise<Refusal | undefined> {
  const fault = timeFault(header, receiver.now());
  if (fault === 'clock.skew') return 'time.future';
  if (fault === 'envelope.expired') return 'time.expired';
  return header.iat < (await receiver.store.notBefore()) ? 'time.before-journal' : undefined;
}

async function openBody<Body>(envelope: Envelope, from: Device, receiver: Receiver<Body>): Promise<Verdict<Body>> {
  let json: string;
  let parsed;
  try {
    json = await openEnvelope(envelope, receiver.kid, receiver.keys());
    parsed = receiver.schema.safeParse(JSON.parse(json));
  } catch {
    return refused('body.unreadable');
  }
  if (!parsed.success) return refused('body.unknown');
  if (!receiver.allows(envelope.header, parsed.data)) return refused('kind.not-allowed');
  return { is: 'accepted', accepted: { envelope, from, body: parsed.data, json } };
}
