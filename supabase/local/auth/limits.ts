import { addressGroup } from '../../../edge/relay/limits.ts';
import { tooManyRequests } from './errors.ts';
import type { Clock } from '../tokens.ts';

/** Calls an address may make in five minutes. The defaults are Supabase Auth's. */
export type Limits = { sign: number; verify: number; refresh: number; factor: number };

export const defaultLimits: Limits = { sign: 30, verify: 30, refresh: 150, factor: 75 };

export type Limiter = (kind: keyof Limits, ip: string | undefined) => void;

/** Counts by key, each in a window of its own. */
export type Counter = {
  /** Counts once; throws when it was too often within the window. */
  take: (key: string) => void;
  /** Takes back what was counted last. */
  giveBack: (key: string) => void;
};

const fiveMinutesMs = 5 * 60_000;
// Beyond this many keys the oldest are forgotten: a scan must not fill the memory.
const mostKeys = 10_000;

export function createCounter({ most, windowMs, clock }: { most: number; windowMs: number; clock: Clock }): Counter {
  const windows = new Map<string, { from: number; count: number }>();
  return {
    take: (key) => {
      const now = clock();
      const found = windows.get(key);
      const current = found && now - found.from < windowMs ? found : { from: now, count: 0 };
      current.count += 1;
      windows.delete(key);
      windows.set(key, current);
      const oldest = windows.size > mostKeys ? windows.keys().next().value : undefined;
      if (oldest !== undefined) windows.delete(oldest);
      if (current.count > most) throw tooManyRequests(Math.ceil((current.from + windowMs - now) / 1000));
    },
    giveBack: (key) => {
      const found = windows.get(key);
      if (found) found.count -= 1;
    },
  };
}

/** Throws when `ip` has used up its calls of this kind. Calls from inside the process carry no address and are free. */
export function createLimiter(limits: Limits, clock: Clock): Limiter {
  const counter = (kind: keyof Limits): Counter =>
    createCounter({ most: limits[kind], windowMs: fiveMinutesMs, clock });
  const counters = {
    sign: counter('sign'),
    verify: counter('verify'),
    refresh: counter('refresh'),
    factor: counter('factor'),
  };
  return (kind, ip) => {
    if (ip !== undefined) counters[kind].take(addressGroup(ip));
  };
}
