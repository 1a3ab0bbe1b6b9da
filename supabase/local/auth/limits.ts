import { tooManyRequests } from './errors.ts';
import type { Clock } from '../tokens.ts';

/** Calls an address may make in five minutes. The defaults are Supabase Auth's. */
export type Limits = { sign: number; verify: number; refresh: number; factor: number };

export const defaultLimits: Limits = { sign: 30, verify: 30, refresh: 150, factor: 75 };

export type Limiter = (kind: keyof Limits, ip: string | undefined) => void;

const windowMs = 5 * 60_000;
// Beyond this many addresses the oldest are forgotten: a scan must not fill the memory.
const mostAddresses = 10_000;

/** Throws when `ip` has used up its calls of this kind. Calls from inside the process carry no address and are free. */
export function createLimiter(limits: Limits, clock: Clock): Limiter {
  const windows = new Map<string, { from: number; count: number }>();
  return (kind, ip) => {
    if (ip === undefined) return;
    const key = `${kind} ${ip}`;
    const now = clock();
    const found = windows.get(key);
    const current = found && now - found.from < windowMs ? found : { from: now, count: 0 };
    current.count += 1;
    windows.delete(key);
    windows.set(key, current);
    const oldest = windows.size > mostAddresses ? windows.keys().next().value : undefined;
    if (oldest !== undefined) windows.delete(oldest);
    if (current.count > limits[kind]) throw tooManyRequests(Math.ceil((current.from + windowMs - now) / 1000));
  };
}
