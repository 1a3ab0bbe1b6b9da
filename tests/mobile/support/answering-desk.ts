import { drainInbox } from '../../../edge/mailbox/inbox.ts';
import type { Device } from '../../../edge/protocol/device.ts';
import { eventHash, type Happening } from '../../../edge/protocol/event.ts';
import { newId } from '../../../edge/protocol/id.ts';
import type { Identity } from '../../../edge/protocol/identity.ts';
import { sealEnvelope } from '../../../edge/protocol/seal.ts';
import { upSchema, type Up } from '../../../edge/protocol/up.ts';
import type { MemoryRelay } from '../../support/memory-relay.ts';

/** A desktop that does every task at once and tells of it in five events. It never fails. */
export interface AnsweringDesk {
  /** The words of each task, once for each time it came. */
  readonly done: readonly string[];
  pump(): Promise<void>;
}

const life = (text: string): readonly Happening[] => [
  { kind: 'state', state: { is: 'queued' } },
  { kind: 'state', state: { is: 'running' } },
  { kind: 'step', n: 1, tool: 'look', title: text, state: 'done' },
  { kind: 'result', text: `${text}: done`, files: [], by: 'desk', untrusted: false },
  { kind: 'state', state: { is: 'ended', fate: 'done' } },
];

export function answeringDesk(options: {
  relay: MemoryRelay;
  identity: Identity;
  phone: Device;
  now: () => number;
}): AnsweringDesk {
  const { identity, phone } = options;
  const { kid, ek } = identity.device;
  const relay = options.relay.client(kid);
  const seconds = (): number => Math.floor(options.now() / 1000);
  const known = new Set<string>();
  const fresh: { id: string; text: string }[] = [];
  const done: string[] = [];
  let n = 0;

  async function tell(id: string, text: string): Promise<void> {
    let prev: string | null = null;
    for (const [index, what] of life(text).entries()) {
      const json = JSON.stringify({ kind: 'event', t: id, i: index + 1, prev, at: options.now(), what });
      prev = await eventHash(json);
      const iat = seconds();
      const header = { k: 'evt' as const, id: newId(), n: ++n, iat, exp: iat + 3600 };
      await relay.postEnvelope(await sealEnvelope({ identity, recipients: [phone], header, json }));
    }
  }
  return {
    done,
    pump: async () => {
      await drainInbox<Up>({
        relay,
        epoch: 1,
        receiver: {
          kid,
          keys: () => [{ ek, pair: identity.encryption }],
          schema: upSchema,
          allows: () => true,
          now: seconds,
          store: {
            trusted: async () => phone,
            notBefore: async () => 0,
            knows: async (id) => known.has(id),
            refuse: async ({ why }) => Promise.reject(new Error(`the desk refused: ${why}`)),
            take: async ({ envelope: { header }, body }) => {
              known.add(header.id);
              if (body.kind === 'task') fresh.push({ id: header.id, text: body.text });
            },
          },
        },
      });
      for (const { id, text } of fresh.splice(0)) {
        done.push(text);
        await tell(id, text);
      }
    },
  };
}
