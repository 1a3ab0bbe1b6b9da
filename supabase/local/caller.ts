import { timingSafeEqual } from 'node:crypto';
import type { Keys } from './keys.ts';
import { readToken } from './tokens.ts';
import type { Claims, Clock } from './tokens.ts';

/** Who asks, as hosted's gateway decides it: by the key in `apikey`, then by the token of a user. */
export type Caller =
  | { kind: 'service' }
  | { kind: 'anon' }
  | { kind: 'user'; claims: Claims }
  | { kind: 'refused'; reason: 'key' | 'token' };

type Presented = { apiKey: string | null | undefined; bearer: string | undefined };

export async function findCaller({ apiKey, bearer }: Presented, keys: Keys, clock: Clock): Promise<Caller> {
  const key = kindOfKey(apiKey ?? bearer, keys);
  if (!key) return { kind: 'refused', reason: 'key' };
  // supabase-js repeats its key as the bearer while nobody is signed in.
  if (bearer === undefined || kindOfKey(bearer, keys)) return { kind: key };
  const claims = await readToken(bearer, keys, clock);
  return claims?.role === 'authenticated' ? { kind: 'user', claims } : { kind: 'refused', reason: 'token' };
}

export function presented(headers: Headers): Presented {
  return { apiKey: headers.get('apikey'), bearer: bearerOf(headers) };
}

export function bearerOf(headers: Headers): string | undefined {
  return /^Bearer (.+)$/i.exec(headers.get('authorization') ?? '')?.[1];
}

function kindOfKey(key: string | null | undefined, keys: Keys): 'service' | 'anon' | undefined {
  if (same(key, keys.secret)) return 'service';
  return same(key, keys.publishable) ? 'anon' : undefined;
}

function same(given: string | null | undefined, own: string): boolean {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(own)];
  return a.length === b.length && timingSafeEqual(a, b);
}
