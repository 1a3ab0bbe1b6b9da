import { drainInbox } from '../../edge/mailbox/inbox.ts';
import type { RelayClient } from '../../edge/mailbox/relay-client.ts';
import { downSchema, type Down } from '../../edge/protocol/down.ts';
import type { Device } from '../../edge/protocol/device.ts';
import { eventHash, eventSchema, type Event, type Happening } from '../../edge/protocol/event.ts';
import { newId } from '../../edge/protocol/id.ts';
import { newIdentity, type Identity } from '../../edge/protocol/identity.ts';
import { sealEnvelope } from '../../edge/protocol/seal.ts';
import type { Task } from '../../edge/protocol/task.ts';
import type { Up } from '../../edge/protocol/up.ts';
import type { MemoryRelay } from './memory-relay.ts';

/** A phone as the wire knows it: keys, sealing, and whatever it was sent, its chains of events checked. */
export interface MemoryPhone {
  readonly identity: Identity;
  readonly client: RelayClient;
  /** Seals and posts; returns the envelope's id. */
  say(body: Up, more?: { id?: string; iat?: number; exp?: number }): Promise<string>;
  seal(body: Up, more?: { id?: string; iat?: number; exp?: number; to?: Device }): Promise<string>;
  /** Pulls; everything heard so far, in order. Throws when a chain of events is broken. */
  hear(): Promise<readonly Down[]>;
  /** What happened in a task, as far as it was told. */
  happenings(t: string): Promise<readonly Happening[]>;
}

export const someTask = (text: string, more: Partial<Task> = {}): Task => ({
  kind: 'task',
  text,
  thread: null,
  after: null,
  grants: [],
  ifMissed: 'run',
  ...more,
});

export async function memoryPhone(options: {
  relay: MemoryRelay;
  desktop: Device;
  name?: string;
  /** Unix seconds. */
  now?: () => number;
}): Promise<MemoryPhone> {
  const { relay, desktop, name = 'Pixel 8', now = () => Math.floor(Date.now() / 1000) } = options;
  const identity = await newIdentity({ kind: 'phone', name, extractable: false });
  const client = relay.client(identity.device.kid);
  const heard: Down[] = [];
  const ids = new Set<string>();
  const chains = new Map<string, { i: number; hash: string }>();
  let n = 0;
  let desk = desktop;

  const seal: MemoryPhone['seal'] = (body, { id = newId(), iat = now(), exp = iat + 3600, to = desk } = {}) =>
    sealEnvelope({
      identity,
      recipients: [to],
      header: { k: body.kind === 'task' ? 'task' : 'ctl', id, n: ++n, iat, exp },
      json: JSON.stringify(body),
    });
  async function follow(event: Event, json: string): Promise<void> {
    const { i, hash } = chains.get(event.t) ?? { i: 0, hash: null };
    if (event.i <= i) return;
    if (event.i !== i + 1) throw new Error(`task ${event.t}: event ${event.i} after ${i}`);
    if (event.prev !== hash) throw new Error(`task ${event.t}: event ${event.i} breaks the chain`);
    chains.set(event.t, { i: event.i, hash: await eventHash(json) });
    heard.push(event);
  }
  async function hear(): Promise<readonly Down[]> {
    const { refused } = await drainInbox<Down>({
      relay: client,
      epoch: 1,
      receiver: {
        kid: identity.device.kid,
        keys: () => [{ ek: identity.device.ek, pair: identity.encryption }],
        schema: downSchema,
        allows: ({ k }) => k === 'evt',
        now,
        store: {
          trusted: async (kid) => (kid === desktop.kid ? desktop : undefined),
          notBefore: async () => 0,
          knows: async (id) => ids.has(id),
          refuse: async () => undefined,
          take: async ({ envelope, body, json }) => {
            ids.add(envelope.header.id);
            if (body.kind === 'event') return follow(body, json);
            if (body.kind === 'past')
              for (const each of body.events) await follow(eventSchema.parse(JSON.parse(each)), each);
            if (body.kind === 'trust' && body.key) desk = { ...desk, ek: body.key.ek, enc: body.key.enc };
            heard.push(body);
          },
        },
      },
    });
    if (refused.length > 0) throw new Error(`the phone refused ${JSON.stringify(refused)}`);
    return heard;
  }
  return {
    identity,
    client,
    seal,
    hear,
    say: async (body, more = {}) => {
      const id = more.id ?? newId();
      await client.postEnvelope(await seal(body, { ...more, id }));
      return id;
    },
    happenings: async (t) =>
      (await hear()).flatMap((down) => (down.kind === 'event' && down.t === t ? [down.what] : [])),
  };
}
