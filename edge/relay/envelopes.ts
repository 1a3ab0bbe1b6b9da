import {
  MalformedEnvelope,
  parseEnvelope,
  timeFault,
  verifyEnvelope,
  type Envelope,
  type Header,
} from '../protocol/envelope.ts';
import type { DeviceKind } from '../protocol/device.ts';
import { postEnvelopeSchema } from '../protocol/http.ts';
import { idSchema } from '../protocol/id.ts';
import { readJson } from './body.ts';
import type { RelayDeps, RelayHandler } from './deps.ts';
import { Refusal } from './errors.ts';
import { sendBuckets } from './limits.ts';
import type { DeviceClaim, KnownDevice } from './store.ts';

/** Bytes of an envelope that a push message carries: with its JSON it stays below the 3,993 that push services take. */
const MAX_PUSHED = 3900;

const SENDS: Record<DeviceKind, readonly Header['k'][]> = {
  phone: ['task', 'ctl', 'sched'],
  desktop: ['evt'],
};

export function postEnvelope(deps: RelayDeps): RelayHandler {
  const { senders, now, sendPushes } = deps;
  return async (c) => {
    const claim = c.get('claim');
    const device = await senders.find(claim);
    const { envelope: compact } = await readJson(c, postEnvelopeSchema);
    const { header } = await checked(compact, device, now());
    await submit(deps, { claim, device, header, compact }).catch((error: unknown) => {
      senders.forget(claim);
      throw error;
    });
    if (header.u) sendPushes();
    return c.json({ id: header.id, now: now() });
  };
}

/** Everything about an envelope that its bytes and its sender's key tell. Throws a {@link Refusal}. */
async function checked(compact: string, device: KnownDevice, now: number): Promise<Envelope> {
  const envelope = parse(compact);
  const { header } = envelope;
  if (header.kid !== device.kid) throw new Refusal('envelope.sender');
  if (!(await verifyEnvelope(envelope, device.sig))) throw new Refusal('envelope.signature');
  if (!SENDS[device.kind].includes(header.k)) throw new Refusal('envelope.kind');
  const fault = timeFault(header, now);
  if (fault) throw new Refusal(fault);
  return envelope;
}

interface Sent {
  readonly claim: DeviceClaim;
  readonly device: KnownDevice;
  readonly header: Header;
  readonly compact: string;
}

async function submit({ store, limits }: RelayDeps, { claim, device, header, compact }: Sent): Promise<void> {
  await store.submit({
    claim,
    device,
    id: header.id,
    kind: header.k,
    to: header.to.map(({ kid }) => kid),
    exp: header.exp,
    collapse: header.c ?? null,
    urgent: header.u ?? false,
    push: compact.length <= MAX_PUSHED ? compact : null,
    envelope: compact,
    buckets: sendBuckets(limits, device, { kind: header.k, bytes: compact.length }),
    queue: limits.queued,
  });
}

function parse(compact: string): Envelope {
  try {
    return parseEnvelope(compact);
  } catch (error) {
    throw error instanceof MalformedEnvelope ? new Refusal('envelope.malformed') : error;
  }
}

export function withdrawEnvelope({ store }: RelayDeps): RelayHandler {
  return async (c) => {
    const id = idSchema.safeParse(c.req.param('id'));
    if (!id.success) throw new Refusal('envelope.unknown');
    await store.withdraw(c.get('device').kid, id.data);
    return c.json({ ok: true });
  };
}
