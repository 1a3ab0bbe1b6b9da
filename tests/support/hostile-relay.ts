import { RelayError, type RelayClient } from '../../edge/mailbox/relay-client.ts';
import { WIRE_ERRORS } from '../../edge/protocol/error.ts';
import { parseEnvelope } from '../../edge/protocol/envelope.ts';
import { newId } from '../../edge/protocol/id.ts';
import type { Identity } from '../../edge/protocol/identity.ts';
import type { Recipient } from '../../edge/protocol/seal.ts';
import { partsOf, signedBy, withHeader } from './forge.ts';

/** What stands in an inbox: bytes, under an id that the relay claims them to have. */
interface Item {
  readonly id: string;
  readonly compact: string;
}

/** What becomes of the next envelope that is posted. */
type PostMood = 'true' | 'answer-lost' | 'unreachable' | 'refused' | 'stored-and-refused' | 'swallowed';

/** One thing that the adversary does. The numbers choose what it is done to. */
export interface Deed {
  readonly do: (typeof DEEDS)[number];
  readonly a: number;
  readonly b: number;
}

export const DEEDS = [
  'drop',
  'withhold',
  'give-back',
  'duplicate',
  'reorder',
  'alter',
  'bend-header',
  'invent',
  'impersonate',
  'replay',
  'misroute',
  'readdress',
  'mix',
  'relabel',
  'deafen',
  'refuse-posts',
] as const;

const CODES = Object.keys(WIRE_ERRORS) as (keyof typeof WIRE_ERRORS)[];
const MOODS: readonly PostMood[] = ['answer-lost', 'unreachable', 'refused', 'stored-and-refused', 'swallowed', 'true'];

/** A relay that does what it likes with what it was given, until it behaves again. */
export interface HostileRelay {
  client(kid: string): Pick<RelayClient, 'postEnvelope' | 'pull' | 'ack'>;
  act(deed: Deed): Promise<void>;
  /** From now on it is honest, and hands out all that it kept back. What it threw away stays lost. */
  behave(): void;
  /** Everything it answered or might have answered 200 for, and still has to hand out or did hand out. */
  kept(): readonly string[];
}

interface Options {
  readonly kids: readonly string[];
  /** The adversary's own keys, and words that it sealed with them. */
  readonly mallory: Identity;
  readonly invented: readonly string[];
  readonly recipients: readonly Pick<Recipient, 'kid' | 'ek'>[];
  /** Words of earlier days that it kept. */
  readonly old: readonly string[];
  /** Unix seconds. */
  readonly now: () => number;
}

export function hostileRelay({ kids, mallory, invented, recipients, old, now }: Options): HostileRelay {
  /** Everything it ever saw. */
  const history: string[] = [...old];
  const inboxes = new Map<string, Item[]>(kids.map((kid) => [kid, []]));
  const withheld: { kid: string; item: Item }[] = [];
  const dropped = new Set<string>();
  const stored = new Map<string, string>();
  /** Deliveries by their number: which bytes an ack is about. */
  const leases = new Map<number, { kid: string; item: Item }>();
  let lease = 0;
  let mood: PostMood = 'true';
  let code: keyof typeof WIRE_ERRORS = 'relay.internal';
  let deaf = 0;
  let honest = false;

  const pick = <T>(list: readonly T[], n: number): T | undefined => list[n % Math.max(1, list.length)];
  const inboxOf = (kid: string): Item[] => inboxes.get(kid) ?? [];
  const put = (kid: string | undefined, compact: string, id = idOf(compact)): void =>
    void inboxOf(kid ?? '').push({ id, compact });

  function store(compact: string): void {
    const { id, to } = parseEnvelope(compact).header;
    const before = stored.get(id);
    if (before !== undefined && before !== compact) throw new RelayError('envelope.conflict', 'other bytes');
    if (before !== undefined) return;
    stored.set(id, compact);
    history.push(compact);
    for (const { kid } of to) put(kid, compact, id);
  }
  function post(compact: string): { id: string; now: number } {
    const how = honest ? 'true' : mood;
    mood = 'true';
    const { id } = parseEnvelope(compact).header;
    if (how === 'unreachable') throw new RelayError('network.unreachable', 'no network');
    if (how === 'refused') throw new RelayError(code, 'no');
    if (how === 'swallowed') {
      history.push(compact);
      return { id, now: now() };
    }
    store(compact);
    if (how === 'answer-lost') throw new RelayError('network.unreachable', 'the connection broke');
    if (how === 'stored-and-refused') throw new RelayError(code, 'no');
    return { id, now: now() };
  }
  function take(kid: string, index: number): Item | undefined {
    const inbox = inboxOf(kid);
    return inbox.length === 0 ? undefined : inbox.splice(index % inbox.length, 1)[0];
  }

  const deeds: Record<Deed['do'], (kid: string, a: number, b: number) => unknown> = {
    drop: (kid, a) => {
      const item = take(kid, a);
      if (item) dropped.add(`${kid} ${item.compact}`);
    },
    withhold: (kid, a) => {
      const item = take(kid, a);
      if (item) withheld.push({ kid, item });
    },
    'give-back': (_kid, a) => {
      const [back] = withheld.splice(a % Math.max(1, withheld.length), 1);
      if (back) inboxOf(back.kid).push(back.item);
    },
    duplicate: (kid, a) => {
      const item = pick(inboxOf(kid), a);
      if (item) inboxOf(kid).push(item);
    },
    reorder: (kid, a) => {
      const item = take(kid, a);
      if (item) inboxOf(kid).unshift(item);
    },
    alter: (kid, a, b) => put(kid, altered(pick(history, a) ?? '', b)),
    'bend-header': (kid, a, b) => put(kid, bent(pick(history, a), b, now())),
    invent: (kid, a, b) => put(kid, b % 4 === 0 ? 'A'.repeat(a % 400) : (pick(invented, b) ?? '')),
    impersonate: async (kid, a) => {
      const genuine = pick(history, a);
      if (genuine !== undefined) put(kid, await signedBy(genuine, mallory));
    },
    replay: (_kid, a, b) => {
      const genuine = pick(history, a);
      if (genuine === undefined) return;
      const to = pick(parseEnvelope(genuine).header.to, b);
      put(to?.kid, genuine);
    },
    misroute: (kid, a) => {
      const genuine = pick(history, a);
      if (genuine !== undefined) put(kid, genuine);
    },
    readdress: (kid, a) => {
      const genuine = pick(history, a);
      const ek = recipients.find((recipient) => recipient.kid === kid)?.ek;
      if (genuine !== undefined)
        put(
          kid,
          withHeader(genuine, (header) => ({ ...header, to: [{ kid, ek }] })),
        );
    },
    mix: (kid, a, b) => {
      const [one, other] = [pick(history, a), pick(history, b)];
      if (one === undefined || other === undefined) return;
      const [head, , signature] = partsOf(one);
      const [, payload, second] = partsOf(other);
      put(kid, [head, payload, b % 2 === 0 ? signature : second].join('.'));
    },
    relabel: (kid, a, b) => put(kid, altered(pick(history, b) ?? '', b), idOf(pick(history, a) ?? '')),
    deafen: (_kid, a) => {
      deaf = a % 4;
    },
    'refuse-posts': (_kid, a, b) => {
      mood = pick(MOODS, a) ?? 'true';
      code = pick(CODES, b) ?? 'relay.internal';
    },
  };

  return {
    client: (kid) => ({
      postEnvelope: async (compact) => post(compact),
      pull: async ({ max }) => {
        const items = inboxOf(kid).slice(0, max);
        const envelopes = items.map((item) => {
          leases.set(++lease, { kid, item });
          return { id: item.id, envelope: item.compact, leaseNo: lease };
        });
        return { envelopes, due: [], more: inboxOf(kid).length > max, now: now() };
      },
      ack: async (acks) => {
        if (!honest && deaf-- > 0) throw new RelayError('network.unreachable', 'the connection broke');
        const gone = new Set(acks.map(({ leaseNo }) => leases.get(leaseNo)?.item));
        inboxes.set(
          kid,
          inboxOf(kid).filter((item) => !gone.has(item)),
        );
      },
    }),
    act: async ({ do: what, a, b }) => {
      await deeds[what](pick(kids, a) ?? '', a >>> 3, b);
    },
    behave: () => {
      honest = true;
      for (const { kid, item } of withheld.splice(0)) inboxOf(kid).push(item);
    },
    kept: () =>
      [...stored.values()].filter((compact) =>
        parseEnvelope(compact).header.to.every(({ kid }) => !dropped.has(`${kid} ${compact}`)),
      ),
  };
}

function idOf(compact: string): string {
  try {
    return parseEnvelope(compact).header.id;
  } catch {
    return newId();
  }
}

/** One character of it is another, or its end is missing, or something follows it. */
function altered(compact: string, n: number): string {
  const at = (n >>> 2) % Math.max(1, compact.length);
  if (n % 4 === 0) return compact.slice(0, at);
  if (n % 4 === 1) return `${compact}${'.A='[n % 3]}`;
  const other = compact[at] === 'A' ? 'B' : 'A';
  return compact.slice(0, at) + other + compact.slice(at + 1);
}

/** The same words with another life, id, task, kind or sender in their header. */
function bent(compact: string | undefined, n: number, now: number): string {
  if (compact === undefined) return '';
  const changes: readonly Record<string, unknown>[] = [
    { iat: now, exp: now + 3600 },
    { id: newId() },
    { k: n % 16 < 8 ? 'task' : 'ctl' },
    { t: newId() },
    { n: n >>> 8 },
    { u: true },
    { x: 1 },
    { alg: 'none' },
  ];
  return withHeader(compact, (header) => ({ ...header, ...changes[n % changes.length] }));
}
