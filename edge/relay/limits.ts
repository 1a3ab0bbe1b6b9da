import { MAX_ENVELOPE_BYTES, type Header } from '../protocol/envelope.ts';
import type { KnownDevice } from './store.ts';

/** A token bucket: holds `capacity`, gains `rate` a second, and this request takes `cost`. */
export interface Bucket {
  readonly key: string;
  readonly capacity: number;
  readonly rate: number;
  readonly cost: number;
}

type Size = readonly [capacity: number, seconds: number];

/** Each pair: so many at once, and so many again within so many seconds. */
export interface Limits {
  readonly tasks: Size;
  readonly tasksADay: Size;
  /** Events of a desktop; answers and controls of a phone. */
  readonly messages: Size;
  /** Bytes of all devices of an owner, envelopes and blobs together. */
  readonly bytes: Size;
  readonly offersFromAnAddress: Size;
  readonly offersFromEverywhere: Size;
  readonly claims: Size;
  readonly sessions: Size;
  readonly stops: Size;
  /** Envelopes that may wait for one desktop. */
  readonly queued: number;
  /** Bytes of blobs kept for an owner. */
  readonly blobsKept: number;
}

export const standardLimits: Limits = {
  tasks: [30, 60],
  tasksADay: [1000, 86_400],
  messages: [200, 10],
  bytes: [200_000_000, 86_400],
  offersFromAnAddress: [20, 600],
  offersFromEverywhere: [600, 60],
  claims: [10, 3600],
  sessions: [10, 60],
  stops: [10, 3600],
  queued: 500,
  blobsKept: 500_000_000,
};

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
