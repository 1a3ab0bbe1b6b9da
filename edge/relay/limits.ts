import * as z from 'zod/mini';
import { MAX_ENVELOPE_BYTES, type Header } from '../protocol/envelope.ts';
import type { Environment } from './config.ts';
import type { KnownDevice } from './store.ts';

/** A token bucket: holds `capacity`, gains `rate` a second, and this request takes `cost`. */
export interface Bucket {
  readonly key: string;
  readonly capacity: number;
  readonly rate: number;
  readonly cost: number;
}

const countSchema = z.int().check(z.positive());
const waitSchema = z.int().check(z.positive(), z.maximum(3600));
/** So many at once, and so many again within so many seconds. */
const sizeSchema = z.tuple([countSchema, z.number().check(z.positive())]);
type Size = z.infer<typeof sizeSchema>;

const limitsSchema = z.strictObject({
  tasks: z._default(sizeSchema, [30, 60]),
  tasksADay: z._default(sizeSchema, [1000, 86_400]),
  /** Events of a desktop; answers and controls of a phone. */
  messages: z._default(sizeSchema, [200, 10]),
  /** Bytes of all devices of an owner, envelopes and blobs together. */
  bytes: z._default(sizeSchema, [200_000_000, 86_400]),
  offersFromAnAddress: z._default(sizeSchema, [20, 600]),
  offersFromEverywhere: z._default(sizeSchema, [600, 60]),
  claims: z._default(sizeSchema, [10, 3600]),
  sessions: z._default(sizeSchema, [10, 60]),
  stops: z._default(sizeSchema, [10, 3600]),
  /** Recovery codes tried from an address. */
  recoveries: z._default(sizeSchema, [20, 600]),
  recoveriesMade: z._default(sizeSchema, [10, 3600]),
  /** Envelopes that may wait for one desktop. */
  queued: z._default(countSchema, 500),
  /** Bytes of blobs kept for an owner. */
  blobsKept: z._default(countSchema, 500_000_000),
  /** Seconds that a request's body may take to arrive: the largest then needs 3 kB a second. */
  bodySeconds: z._default(waitSchema, 60),
  /** Seconds before each further try of a push. Together they fit into the time a hosted function has after its response. */
  pushPauses: z._default(z.array(waitSchema), [2, 10, 40]),
});
export type Limits = z.infer<typeof limitsSchema>;

/** The limits of ERRAND_LIMITS, a JSON object with any of the names above; the rest are as they are here. Throws an Error. */
export function readLimits({ ERRAND_LIMITS: text }: Environment): Limits {
  try {
    return limitsSchema.parse(JSON.parse(text || '{}'));
  } catch {
    throw new Error('ERRAND_LIMITS is not what the relay reads, for example {"tasks": [30, 60]}.');
  }
}

/** Bytes of a request's JSON: the longest envelope and the little around it. */
export const MAX_JSON_BYTES = MAX_ENVELOPE_BYTES + 256;
export const MAX_BLOB_BYTES = 192 * 1024;

export const bucket = (key: string, [capacity, seconds]: Size, cost = 1): Bucket => ({
  key,
  capacity,
  rate: capacity / seconds,
  cost,
});

export const byteBucket = (limits: Limits, owner: string, bytes: number): Bucket =>
  bucket(`bytes:${owner}`, limits.bytes, bytes);

export function sendBuckets(
  limits: Limits,
  device: KnownDevice,
  message: { kind: Header['k']; bytes: number },
): Bucket[] {
  const { kid, owner } = device;
  const counted =
    message.kind === 'task' || message.kind === 'sched'
      ? [bucket(`tasks:${kid}`, limits.tasks), bucket(`tasks-day:${kid}`, limits.tasksADay)]
      : [bucket(`messages:${kid}`, limits.messages)];
  return [...counted, byteBucket(limits, owner, message.bytes)];
}

/** An IPv6 subscriber has a whole /64 to choose addresses from. */
export function addressGroup(ip: string): string {
  if (!ip.includes(':') || ip.includes('.')) return ip;
  const [head = '', tail] = ip.toLowerCase().split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array<string>(zeros).fill('0'), ...back];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
