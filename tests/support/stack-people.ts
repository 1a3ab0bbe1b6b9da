import { createClient } from '@supabase/supabase-js';
import type { SupabaseClient } from '@supabase/supabase-js';
import { TOTP } from 'otpauth';
import type { Stack } from '../../supabase/local/stack.ts';

export const password = 'correct horse battery staple';

export type Person = { client: SupabaseClient; email: string; userId: string };

/** Where a stack answers; it may be in another process. */
export type Place = Pick<Stack, 'url' | 'publishableKey'>;

/** An ordinary client with the publishable key, which keeps its session in memory and starts no timers. */
export function newClient(stack: Place, key: string = stack.publishableKey): SupabaseClient {
  return createClient(stack.url, key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  });
}

export function newAdmin(stack: Stack): SupabaseClient {
  return newClient(stack, stack.secretKey);
}

/** Signs up; the session is aal1. */
export async function signUp(stack: Place, email = `${crypto.randomUUID()}@example.org`): Promise<Person> {
  const client = newClient(stack);
  const { data, error } = await client.auth.signUp({ email, password });
  if (error || !data.user) throw error ?? new Error('no user');
  return { client, email, userId: data.user.id };
}

export type Factor = { id: string; secret: string };

/** Enrols a TOTP factor and proves it: the client's session is aal2 afterwards. */
export async function enrol({ client }: Person, now: number = Date.now()): Promise<Factor> {
  const { data, error } = await client.auth.mfa.enroll({ factorType: 'totp', friendlyName: 'phone' });
  if (error) throw error;
  const factor = { id: data.id, secret: data.totp.secret };
  const proved = await client.auth.mfa.challengeAndVerify({ factorId: factor.id, code: codeOf(factor, now) });
  if (proved.error) throw proved.error;
  return factor;
}

/** The code an authenticator app shows at `timestamp` (milliseconds). No code is good twice. */
export function codeOf({ secret }: { secret: string }, timestamp: number = Date.now()): string {
  return new TOTP({ secret }).generate({ timestamp });
}

/** A signed-up owner with a second factor. */
export async function owner(stack: Place): Promise<Person & { factor: Factor }> {
  const person = await signUp(stack);
  return { ...person, factor: await enrol(person) };
}

export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}
